//go:build race

package main

// scripts are those of commands that do several things at once. Every process under the
// race detector takes seconds to open the module, and the other scripts have no use for it.
var scripts = []string{"jsonl", "snapshot_gather", "snapshot_publish", "snapshot_watch", "verify_live"}
