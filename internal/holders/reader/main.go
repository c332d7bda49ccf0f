// Reader reads the heap of the Go program that is the first process of its PID
// namespace, and writes what is reachable, folded by path, to its standard output. It
// is run in a container beside the target where the test itself may not look into other
// processes.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/memgate/memgate/internal/holders"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	const first = 1
	r, err := holders.Open(first, holders.Limits{})
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	paths, err := r.Snapshot()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(paths)
}
