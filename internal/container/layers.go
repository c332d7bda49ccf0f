package container

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/moby/client"
)

// A build that fails leaves the images of the steps that it has made. They have no label,
// because the builder sets labels last, and the engine lists them as it does anybody's;
// what the builder says is all that tells whose they are.

// layers reads the images of steps from what the engine's builder says.
type layers struct {
	made []string // those that were neither found in the cache nor named by FROM, in order

	line []byte
	from bool // the step under way is a FROM, or was found in the cache
}

const (
	longestLine = 4 << 10
	mostLayers  = 256
)

var (
	stepLine  = regexp.MustCompile(`^Step \d+/\d+ : (\S+)`)
	layerLine = regexp.MustCompile(`^ ---> ([0-9a-f]{12,64})$`)
)

// Write implements io.Writer.
func (l *layers) Write(p []byte) (int, error) {
	n := len(p)
	for {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if len(l.line)+len(line) <= longestLine {
			l.line = append(l.line, line...)
		}
		if !whole {
			return n, nil
		}
		l.read(strings.TrimSuffix(string(l.line), "\r"))
		l.line, p = l.line[:0], rest
	}
}

func (l *layers) read(line string) {
	if step := stepLine.FindStringSubmatch(line); step != nil {
		l.from = strings.EqualFold(step[1], "FROM")
	}
	if line == " ---> Using cache" {
		l.from = true
	}
	if id := layerLine.FindStringSubmatch(line); id != nil && !l.from && len(l.made) < mostLayers {
		l.made = append(l.made, id[1])
	}
}

// imageIDs returns all images that the engine has, those of steps included; nil if it does
// not say.
func (e *engine) imageIDs(ctx context.Context) map[string]bool {
	all, err := e.ImageList(ctx, client.ImageListOptions{All: true})
	if err != nil {
		return nil
	}
	ids := make(map[string]bool, len(all.Items))
	for _, i := range all.Items {
		ids[i.ID] = true
	}
	return ids
}

// removeLayers removes the images that a failed build says it made, the last first. A
// program that the build runs may say so too: images that were there before the build, or
// have a name by now, stay. So does what somebody has built upon meanwhile, which the
// engine refuses to remove. What cannot be removed hides no error of the build.
func (e *engine) removeLayers(ctx context.Context, made []string, before map[string]bool) {
	if before == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWait)
	defer cancel()
	for _, id := range slices.Backward(made) {
		image, err := e.ImageInspect(ctx, id)
		if err != nil || before[image.ID] || len(image.RepoTags) > 0 || len(image.RepoDigests) > 0 {
			continue
		}
		_, _ = e.ImageRemove(ctx, image.ID, client.ImageRemoveOptions{PruneChildren: false})
	}
}
