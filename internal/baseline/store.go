package baseline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/memgate/memgate/internal/store"
)

// Extension ends the names of baseline files.
const Extension = ".memtest"

const longestStem = 80 // bytes of a stem's last part: room for the class

// Place is where the baseline of a class of host is kept: in the folder that the test
// runs in, or one below it.
type Place struct {
	dir, name string // name without folder
	stem      string
}

// PlaceOf returns the place for a stem such as "testdata/orders" and a class of host. It is
// an error if the stem leads out of the folder that the test runs in.
func PlaceOf(stem string, class Class) (Place, error) {
	clean := path.Clean(filepath.ToSlash(stem))
	switch base := path.Base(clean); {
	case stem == "" || !filepath.IsLocal(filepath.FromSlash(clean)) || strings.Contains(stem, ".."):
		return Place{}, fmt.Errorf("baseline file %q is not below the folder of the test: write a path such as \"testdata/orders\"", stem)
	case base != store.FileName(base) || len(base) > longestStem || strings.HasSuffix(stem, "/") || base == ".":
		return Place{}, fmt.Errorf("baseline file %q: its last part is to be at most %d ASCII letters, digits and ._-=, such as \"testdata/orders\"", stem, longestStem)
	}
	stem = path.Base(clean)
	return Place{dir: filepath.FromSlash(path.Dir(clean)), name: stem + "." + class.short() + Extension, stem: stem}, nil
}

// String returns the path of the file, from the folder of the test.
func (p Place) String() string { return filepath.Join(p.dir, p.name) }

// Read reads the file; the error wraps fs.ErrNotExist if there is none.
func (p Place) Read() (*File, error) {
	folder, err := p.open()
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return read(folder, p.dir, p.name)
}

// open opens the folder; no symbolic link leads out of the folder of the test.
func (p Place) open() (*os.Root, error) {
	here, err := os.OpenRoot(".")
	if err != nil {
		return nil, fmt.Errorf("open the folder of the test: %w", err)
	}
	defer here.Close()
	folder, err := here.OpenRoot(p.dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of baseline %s: %w", p, err)
	}
	return folder, nil
}

func read(folder *os.Root, dir, name string) (*File, error) {
	whole := filepath.Join(dir, name)
	info, err := folder.Lstat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read baseline %s: %w", whole, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read baseline %s: it is no plain file (%s): remove it", whole, info.Mode().Type())
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read baseline %s: %w", whole, err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read baseline %s: %w", whole, err)
	}
	return Parse(whole, data)
}

// Write writes the file, whole or not at all. One that is there and cannot be read is
// never written over.
func (p Place) Write(f *File) error {
	data := f.Bytes()
	if _, err := Parse(p.String(), data); err != nil {
		return fmt.Errorf("write baseline %s: it could not be read back (%w)", p, err)
	}
	if _, err := p.Read(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	here, err := os.OpenRoot(".")
	if err != nil {
		return fmt.Errorf("open the folder of the test: %w", err)
	}
	defer here.Close()
	if err := here.MkdirAll(p.dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of baseline %s: %w", p, err)
	}
	return store.WriteFile(p.dir, p.name, data)
}

// Other is the baseline of another class of host.
type Other struct {
	Path string
	File *File
	Err  error // why it cannot be read
}

// Others returns the baselines of the same stem for other classes of host.
func (p Place) Others() ([]Other, error) {
	folder, err := p.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	names, err := fs.Glob(folder.FS(), p.stem+".*"+Extension)
	if err != nil {
		return nil, fmt.Errorf("look for baselines beside %s: %w", p, err)
	}
	var all []Other
	for _, name := range names {
		engine, _, _ := strings.Cut(strings.TrimPrefix(name, p.stem+"."), "-")
		if name == p.name || strings.Contains(engine, ".") {
			continue // a class begins with the engine's name: this is of a stem with a dot
		}
		f, err := read(folder, p.dir, name)
		if err == nil && name != p.stem+"."+f.Class.short()+Extension {
			continue // of another stem that begins like this one, or renamed
		}
		all = append(all, Other{filepath.Join(p.dir, name), f, err})
	}
	return all, nil
}
