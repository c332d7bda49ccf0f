package holders

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Decode reads paths that the reader wrote. They come from another process and are not
// trusted: a table that cannot be one is an error.
func Decode(data []byte) (*Paths, error) {
	var p Paths
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("read the path table: %w", err)
	}
	if len(p.Nodes) == 0 || p.Nodes[0].Parent != 0 {
		return nil, errors.New("read the path table: it has no root")
	}
	for i := range p.Nodes {
		if n := &p.Nodes[i]; i > 0 && (n.Parent < 0 || int(n.Parent) >= i) || n.Count < 0 || n.Bytes < 0 {
			return nil, fmt.Errorf("read the path table: node %d cannot be", i)
		}
	}
	for _, c := range p.Crossings {
		if c.Node <= 0 || int(c.Node) >= len(p.Nodes) || c.By < 0 || int(c.By) >= len(p.Nodes) {
			return nil, errors.New("read the path table: a crossing leads nowhere")
		}
	}
	return &p, nil
}
