package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/memgate/memgate/internal/text"
)

const (
	logBytes = 16 << 10 // what is kept of a log
	logRead  = 4 << 20  // what is read of one: lines may be of any length
)

// logs returns the last lines of both of a container's streams, printable.
func (e *engine) logs(ctx context.Context, id string, lines int) (string, error) {
	ctr, err := e.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("read logs of container %.12s: %w", id, err)
	}
	stream, err := e.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return "", fmt.Errorf("read logs of container %.12s: %w", id, err)
	}
	defer stream.Close()
	kept := &text.Tail{Max: logBytes}
	bounded := io.LimitReader(stream, logRead)
	if c := ctr.Container.Config; c != nil && c.Tty {
		_, err = io.Copy(kept, bounded)
	} else {
		_, err = stdcopy.StdCopy(kept, kept, bounded)
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // the bound may cut a frame
		err = fmt.Errorf("read logs of container %.12s: %w", id, err)
	} else {
		err = nil
	}
	return text.LastLines(kept.String(), lines), err
}
