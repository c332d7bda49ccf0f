package holders

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Bounds of a table that the reader may have made.
const (
	mostNodes   = 100_000
	deepestNode = 64
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
	if len(p.Nodes) > mostNodes || len(p.Crossings) > mostNodes {
		return nil, fmt.Errorf("read the path table: %d nodes are more than the reader makes", len(p.Nodes))
	}
	depth := make([]int, len(p.Nodes))
	for i := 1; i < len(p.Nodes); i++ {
		n := &p.Nodes[i]
		if n.Parent < 0 || int(n.Parent) >= i || n.Count < 0 || n.Bytes < 0 || n.Elements < 0 {
			return nil, fmt.Errorf("read the path table: node %d cannot be", i)
		}
		if depth[i] = depth[n.Parent] + 1; depth[i] > deepestNode {
			return nil, fmt.Errorf("read the path table: node %d is deeper than the reader goes", i)
		}
	}
	for _, c := range p.Crossings {
		if c.Node <= 0 || int(c.Node) >= len(p.Nodes) || c.By < 0 || int(c.By) >= len(p.Nodes) {
			return nil, errors.New("read the path table: a crossing leads nowhere")
		}
	}
	return &p, nil
}
