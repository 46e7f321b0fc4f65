// Package safefile opens files named by requests: only regular files, and only inside their file system, even through
// symbolic links. Packages sendfile and staticfiles use it; it knows nothing about responses.
package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
)

// ErrNone means that a path leads to no regular file inside its file system.
var ErrNone = errors.New("file not found")

// Rooted replaces an [os.DirFS], whose symbolic links may lead out of its directory, by the file system of an [os.Root].
// Any other file system is returned as it is. The root stays open until it is garbage collected.
func Rooted(fsys fs.FS) (fs.FS, error) {
	if !isDir(fsys) {
		return fsys, nil
	}
	root, err := openRoot(fsys)
	if err != nil {
		return nil, err
	}
	return root.FS(), nil
}

// openRoot opens the directory of an os.DirFS, whose value is the directory's name.
func openRoot(fsys fs.FS) (*os.Root, error) { return os.OpenRoot(reflect.ValueOf(fsys).String()) }

// isRoot reports whether a file system belongs to an os.Root, isDir whether it is an os.DirFS.
func isRoot(fsys fs.FS) bool { return reflect.TypeOf(fsys) == reflect.TypeOf((*os.Root)(nil).FS()) }

func isDir(fsys fs.FS) bool { return reflect.TypeOf(fsys) == reflect.TypeOf(os.DirFS("")) }

// Open opens a regular file; opening a FIFO would block until there is a writer. No symbolic link may lead out of the
// file system.
func Open(fsys fs.FS, name string) (fs.File, error) {
	if isDir(fsys) {
		root, err := openRoot(fsys)
		if err != nil {
			return nil, openError(err)
		}
		// An open file stays usable after its root is closed.
		defer func() { _ = root.Close() }()
		fsys = root.FS()
	}
	name, info, err := find(fsys, name)
	if err != nil {
		return nil, err
	}
	if info != nil && !info.Mode().IsRegular() {
		return nil, ErrNone
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, openError(err)
	}
	return file, nil
}

// Stat returns information about a file. It follows symbolic links only in an [os.Root], where they cannot lead out.
func Stat(fsys fs.FS, name string) (fs.FileInfo, error) {
	look := func(name string) (fs.FileInfo, error) { return fs.Stat(fsys, name) }
	if links, ok := fsys.(fs.ReadLinkFS); ok && !isRoot(fsys) {
		look = links.Lstat
		for end := range prefixes(name) {
			if info, err := links.Lstat(name[:end]); err == nil && info.Mode().Type() == fs.ModeSymlink {
				return nil, ErrNone
			}
		}
	}
	info, err := look(name)
	if err != nil && refusedByRoot(fsys, err) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, openError(err)
	}
	return info, nil
}

// prefixes returns the lengths of the parent directories' names within a name, then the length of the name itself.
func prefixes(name string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range len(name) {
			if name[i] == '/' && !yield(i) {
				return
			}
		}
		yield(len(name))
	}
}

// find returns information about a file without opening it, nil if the file system does not support that. The returned
// name is the name after following all links.
func find(fsys fs.FS, name string) (string, fs.FileInfo, error) {
	if links, ok := fsys.(fs.ReadLinkFS); ok && !isRoot(fsys) {
		return followLinks(links, name)
	}
	stats, ok := fsys.(fs.StatFS)
	if !ok {
		return name, nil, nil
	}
	info, err := stats.Stat(name)
	// For the client, a link that leads out is a missing file and not a server error.
	if err != nil && !refusedByRoot(fsys, err) {
		return name, nil, openError(err)
	}
	if err != nil {
		return name, nil, ErrNone
	}
	return name, info, nil
}

// refusedByRoot reports whether os.Root itself refused to leave its directory; this error never comes from the system.
func refusedByRoot(fsys fs.FS, err error) bool {
	return isRoot(fsys) && !errors.As(err, new(syscall.Errno))
}

// maxLinks is how many symbolic links a path may go through, as on Linux.
const maxLinks = 40

// followLinks resolves a path inside a file system. The part that is already resolved has no links, so that ".." can
// remove its last element.
func followLinks(fsys fs.ReadLinkFS, name string) (at string, info fs.FileInfo, err error) {
	at = "."
	links := 0
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		segment := rest[0]
		rest = rest[1:]
		// The target of the link leads out of the file system.
		if segment == ".." && at == "." {
			return "", nil, ErrNone
		}
		next := path.Join(at, segment)
		if info, err = fsys.Lstat(next); err != nil {
			return "", nil, openError(err)
		}
		if info.Mode().Type() != fs.ModeSymlink {
			at = next
			continue
		}
		target, err := fsys.ReadLink(next)
		if links++; err != nil || path.IsAbs(target) || links > maxLinks {
			return "", nil, ErrNone
		}
		// The target is relative to the directory of the link, which at still holds, and may contain links itself.
		rest = append(strings.Split(filepath.ToSlash(target), "/"), rest...)
	}
	return at, info, nil
}

// openError tells paths that do not exist, which clients can choose, from errors of the server.
func openError(err error) error {
	for _, nowhere := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR, syscall.EINVAL, syscall.ENAMETOOLONG, syscall.ELOOP} {
		if errors.Is(err, nowhere) {
			return ErrNone
		}
	}
	return fmt.Errorf("the file cannot be opened: %w", err)
}

// IsHidden reports whether any element of a name begins with a dot, except .well-known (RFC 8615) at the beginning.
func IsHidden(name string) bool {
	parts := strings.Split(name, "/")
	if parts[0] == ".well-known" {
		parts = parts[1:]
	}
	return slices.ContainsFunc(parts, func(segment string) bool { return strings.HasPrefix(segment, ".") })
}
