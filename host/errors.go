package host

import (
	"fmt"

	"github.com/verilith/verilith/wasm/wire"
)

// Error is why there is no verdict. A rejected credential is a verdict, not an error.
type Error struct {
	// Reason is stable: one of this package's constants, or of wire.Error's where
	// the module refused the request.
	Reason string
	// Member is the request's member at fault, or "".
	Member string
	// Detail is for people; it may change.
	Detail string
	// Err is the cause, or nil.
	Err error
}

// The reasons of this package.
const (
	ModuleInvalid  = "module_invalid"  // the module's bytes are not a Verilith module, or not the one that was pinned
	ModuleFault    = "module_fault"    // the module broke; the instance was discarded and the verifier goes on
	BadConfig      = "bad_config"      // a member of Config is out of range
	TooManyRounds  = "too_many_rounds" // no verdict after wire.MaxRounds rounds
	IncompleteCase = "incomplete_case" // a replayed case lacks evidence that the module asks for
	BadState       = "bad_state"       // what Config.Registries keeps of a registry cannot be read, or not be kept
	Cancelled      = "cancelled"       // the context ended; Err says how
	Closed         = "closed"          // the verifier was closed
)

func (e *Error) Error() string {
	s := e.Reason
	if e.Member != "" {
		s += ": " + e.Member
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func errorf(reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

func causedBy(reason string, err error) *Error {
	return &Error{Reason: reason, Detail: err.Error(), Err: err}
}

// refused turns the module's refusal of a request into an Error.
func refused(e *wire.Error) *Error {
	return &Error{Reason: e.Reason, Member: e.Member, Detail: e.Detail, Err: e}
}
