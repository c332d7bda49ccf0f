// Exits ends at its start.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("no configuration found")
	os.Exit(3)
}
