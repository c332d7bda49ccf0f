package holders

import (
	"encoding/json"
	"fmt"
)

// Decode reads paths that the reader wrote. They come from another process and are not
// trusted: a table that cannot be one is an error.
func Decode(data []byte) (*Paths, error) {
	var p Paths
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("read the path table: %w", err)
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("read the path table: %w", err)
	}
	return &p, nil
}
