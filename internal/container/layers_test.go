package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const builderSaid = "Step 1/6 : FROM golang AS build\n ---> 111111111111\nStep 2/6 : COPY a /\n ---> Using cache\n ---> 222222222222\n" +
	"Step 3/6 : COPY b /\r\n ---> 333333333333\r\nStep 4/6 : RUN make\n ---> Running in a33b1fff0a78\nok\n ---> 444444444444 but not alone\n" +
	"Removing intermediate container a33b1fff0a78\n ---> 555555555555\nStep 5/6 : from scratch\n ---> \nStep 6/6 : COPY --from=build /b /\n ---> 6666"

func TestLayersOfABuild(t *testing.T) {
	for _, size := range []int{1, 7, len(builderSaid)} { // in whatever pieces it comes
		var l layers
		for said := builderSaid; said != ""; said = said[min(size, len(said)):] {
			n, err := l.Write([]byte(said[:min(size, len(said))]))
			require.NoError(t, err)
			assert.Equal(t, min(size, len(said)), n)
		}
		assert.Equal(t, []string{"333333333333", "555555555555"}, l.made)
	}
}

func FuzzLayers(f *testing.F) {
	f.Add(builderSaid)
	f.Add(strings.Repeat("Step 1/1 : RUN\n ---> 0123456789ab\n", mostLayers+1))
	f.Fuzz(func(t *testing.T, said string) {
		var l layers
		_, _ = l.Write([]byte(said))
		assert.LessOrEqual(t, len(l.made), mostLayers)
		for _, id := range l.made {
			assert.Regexp(t, `^[0-9a-f]{12,64}$`, id)
		}
	})
}

// A build that fails leaves no container and no image, but for those that were there.
func TestFailedBuildLeavesNothing(t *testing.T) {
	needDocker(t)
	dir, mark := t.TempDir(), fmt.Sprint(time.Now().UnixNano())
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	write("a", mark)
	write("Dockerfile", "FROM scratch\nCOPY a /a\nENV MARK="+mark+"\nRUN [\"/nothing\"]\n")
	e, err := dial(t.Context())
	require.NoError(t, err)
	defer e.Close()
	layersOf := func() (ids []string) {
		all, err := e.ImageList(t.Context(), client.ImageListOptions{All: true})
		require.NoError(t, err)
		for _, i := range all.Items {
			if in, err := e.ImageInspect(t.Context(), i.ID); err == nil && in.Size == int64(len(mark)) {
				ids = append(ids, i.ID)
			}
		}
		return ids
	}
	err = e.build(t.Context(), Spec{Context: dir}, "memgate.localhost/target:fails", labels("fails"))
	require.ErrorContains(t, err, "/nothing")
	assert.Empty(t, layersOf(), "of the steps that went well")

	made := layers{}
	_, _ = made.Write([]byte("Step 2/3 : COPY a /a\n ---> 0123456789ab\n"))
	e.removeLayers(t.Context(), made.made, map[string]bool{}) // there is none such: no harm

	write("Dockerfile", "FROM scratch\nCOPY a /a\nENV MARK="+mark+"\n")
	require.NoError(t, e.buildOnce(t.Context(), Spec{Context: dir}, "memgate.localhost/target:stays", labels("stays")))
	defer func() { assert.NoError(t, e.removeImage(t.Context(), "memgate.localhost/target:stays")) }()
	had := layersOf()
	require.NotEmpty(t, had)
	write("Dockerfile", "FROM scratch\nCOPY a /a\nENV MARK="+mark+"\nENV OTHER=1\nRUN [\"/nothing\"]\n")
	require.Error(t, e.build(t.Context(), Spec{Context: dir}, "memgate.localhost/target:fails", labels("fails")))
	assert.ElementsMatch(t, had, layersOf(), "what was there before stays")
}
