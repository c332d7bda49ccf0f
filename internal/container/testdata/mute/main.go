// Mute runs and never listens.
package main

import (
	"fmt"
	"time"
)

func main() {
	fmt.Println("still loading")
	time.Sleep(time.Hour)
}
