package host

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// RegistryDir keeps each registry in a file of its own, <id>.car, in a folder that is
// made for the user alone. A file is replaced whole or not at all, and several
// processes may use one folder. Whoever deletes a file takes away the protection
// against an older head; whoever copies a whole folder back does too.
func RegistryDir(dir string) RegistryStore {
	return files(func(id string) (string, error) {
		// The id becomes a file name: nothing but a CID may.
		if _, err := block.ParseCID(id); err != nil {
			return "", err
		}
		return filepath.Join(dir, id+".car"), nil
	})
}

// RegistryFile keeps one registry in a file. Another registry's id is an error.
func RegistryFile(path string) RegistryStore {
	return files(func(string) (string, error) { return path, nil })
}

// RegistryMemory keeps registries as long as the process lives.
func RegistryMemory() RegistryStore { return &memoryStore{records: map[string][]byte{}} }

// files keeps records in files, whose paths it says.
type files func(id string) (string, error)

func (f files) Load(id string) ([]byte, error) {
	path, err := f(id)
	if err != nil {
		return nil, err
	}
	return readRecord(path)
}

// Swap holds a lock beside the file while it compares and replaces.
func (f files) Swap(id string, old, next []byte) (bool, error) {
	path, err := f(id)
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	unlock, err := lockedfile.MutexAt(path + ".lock").Lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	is, err := readRecord(path)
	if err != nil || !bytes.Equal(is, old) {
		return false, err
	}
	return true, replace(path, next)
}

func readRecord(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxRecord+1))
	if err == nil && len(data) > maxRecord {
		err = errorf(BadState, "%s has more than %d bytes", path, maxRecord)
	}
	if err == nil && len(data) == 0 {
		err = errorf(BadState, "%s is empty", path)
	}
	return data, err
}

// replace writes a file whole or not at all, and onto the disk: after a power cut the
// name has the old record or the new one.
func replace(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

type memoryStore struct {
	mu      sync.Mutex
	records map[string][]byte
}

func (m *memoryStore) Load(id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[id], nil
}

func (m *memoryStore) Swap(id string, old, next []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !bytes.Equal(m.records[id], old) {
		return false, nil
	}
	m.records[id] = next
	return true, nil
}
