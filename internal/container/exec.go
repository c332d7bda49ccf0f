package container

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/profile"
)

// readFiles is what a shell in the container does with the files that are its
// arguments: for each line that it is sent it prints each of their lines after the
// file's name and a colon, and then an empty line. It ends when its input does.
const readFiles = `while read _; do grep "" "$@" /dev/null; echo; done`

// newExecStream reads the cgroup's files from inside the container until Close.
func (c *Container) newExecStream(ctx context.Context) (*stream, error) {
	version := 2
	switch c.info.CgroupVersion {
	case "v1":
		version = 1
	case "v2":
	default:
		return nil, fmt.Errorf("the engine does not tell the version of cgroup in container %.12s", c.id)
	}
	remote := cgroup.NewRemote(version)
	s := &stream{
		name:  Exec,
		open:  func(ctx context.Context) (io.ReadCloser, error) { return c.execute(ctx, remote.Paths()) },
		split: emptyLine,
		parse: func(record []byte) (profile.Memory, error) {
			m, err := remote.Parse(filesOf(record))
			if limit, ok := m.Value(profile.Limit); err == nil && c.info.Limit > 0 && (!ok || limit == 0 || limit > uint64(c.info.Limit)) {
				err = fmt.Errorf("the files in the container tell a memory limit of %d B, the engine %d B: they are of another cgroup", limit, c.info.Limit)
			}
			return m, err
		},
		lives: c.thisLife(ctx),
		stale: statsStale,
	}
	s.start(ctx)
	return s, nil
}

// execute starts the shell, and sends it a line a second.
func (c *Container) execute(ctx context.Context, files []string) (io.ReadCloser, error) {
	made, err := c.eng.ExecCreate(ctx, c.id, client.ExecCreateOptions{
		AttachStdin: true, AttachStdout: true, AttachStderr: true,
		Cmd: append([]string{"sh", "-c", readFiles, "memgate"}, files...),
	})
	if err != nil {
		return nil, err
	}
	conn, err := c.eng.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	said := &text.Head{Max: 1 << 10} // why there is no shell
	go func() {
		_, err := stdcopy.StdCopy(w, said, conn.Reader)
		if err == nil {
			err = fmt.Errorf("the shell in the container has ended: %.200s: it takes sh and grep", strings.TrimSpace(text.Printable(said.String())))
		}
		_ = w.CloseWithError(err)
	}()
	asking, stop := context.WithCancel(ctx)
	context.AfterFunc(asking, conn.Close) // nothing else ends a read from it
	go func() {
		for {
			if _, err := conn.Conn.Write([]byte{'\n'}); err != nil || sleep(asking, statsEvery) != nil {
				return
			}
		}
	}()
	return &execution{PipeReader: r, end: stop}, nil
}

// execution is the output of the shell; the shell ends when it is closed.
type execution struct {
	*io.PipeReader
	end func()
}

// Close ends the shell.
func (e *execution) Close() error {
	e.end()
	return e.PipeReader.Close()
}

// emptyLine parts records that end with an empty line, as bufio.ScanLines does lines.
func emptyLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if bytes.HasPrefix(data, []byte{'\n'}) {
		return 1, data[:0:0], nil
	}
	if end := bytes.Index(data, []byte("\n\n")); end >= 0 {
		return end + 2, data[:end+1], nil
	}
	if atEOF {
		return len(data), nil, nil // half a record is none
	}
	return 0, nil, nil
}

// filesOf puts the files together again of whose lines a record is made.
func filesOf(record []byte) map[string][]byte {
	files := map[string][]byte{}
	for line := range bytes.Lines(record) {
		if path, content, ok := bytes.Cut(line, []byte{':'}); ok {
			files[string(path)] = append(files[string(path)], content...)
		}
	}
	return files
}
