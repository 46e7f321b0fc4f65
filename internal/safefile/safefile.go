// Package safefile opens files named by requests: only regular files, and only inside of their file system, even
// through symbolic links. The root uses it for File, Static and Frontend; it knows nothing about responses.
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

// ErrNone says that a path leads to no regular file inside of its file system.
var ErrNone = errors.New("file not found")

// Rooted is the file system of an [os.Root] for one of [os.DirFS], which follows
// symbolic links out of its directory; any other file system is returned as it is.
// The root stays open until it is collected.
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

// isRoot reports whether a file system is the one of an os.Root, isDir whether it
// is an os.DirFS.
func isRoot(fsys fs.FS) bool { return reflect.TypeOf(fsys) == reflect.TypeOf((*os.Root)(nil).FS()) }

func isDir(fsys fs.FS) bool { return reflect.TypeOf(fsys) == reflect.TypeOf(os.DirFS("")) }

// Open opens a regular file: opening a FIFO would wait for a writer. No symbolic link may lead out of the file system.
func Open(fsys fs.FS, name string) (fs.File, error) {
	if isDir(fsys) {
		root, err := openRoot(fsys)
		if err != nil {
			return nil, openError(err)
		}
		// A file stays open after the root that opened it is closed.
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

// Stat looks at a file, but follows no symbolic link except in an [os.Root]: there
// it may not lead out.
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

// prefixes are the lengths of a name at which it ends as the name of a directory
// above, and its own length.
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

// find returns information about a file without opening it, if the file system supports that; otherwise nil. The
// returned name is the one after following all links.
func find(fsys fs.FS, name string) (string, fs.FileInfo, error) {
	if links, ok := fsys.(fs.ReadLinkFS); ok && !isRoot(fsys) {
		return followLinks(links, name)
	}
	stats, ok := fsys.(fs.StatFS)
	if !ok {
		return name, nil, nil
	}
	info, err := stats.Stat(name)
	// For the client a link that leads out is a missing file; nothing has failed.
	if err != nil && !refusedByRoot(fsys, err) {
		return name, nil, openError(err)
	}
	if err != nil {
		return name, nil, ErrNone
	}
	return name, info, nil
}

// refusedByRoot reports whether it was an os.Root itself that refused to leave,
// which no system does.
func refusedByRoot(fsys fs.FS, err error) bool {
	return isRoot(fsys) && !errors.As(err, new(syscall.Errno))
}

// maxLinks is how many symbolic links one path may go through, as on Linux.
const maxLinks = 40

// followLinks resolves a path inside of a file system. The part that is already resolved has no links, so that ".." can
// remove its last element.
func followLinks(fsys fs.ReadLinkFS, name string) (at string, info fs.FileInfo, err error) {
	at = "."
	links := 0
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		segment := rest[0]
		rest = rest[1:]
		// The target of a link leads out of the file system.
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
		// The target is relative to the directory of the link, which at still is, and may hold
		// links itself.
		rest = append(strings.Split(filepath.ToSlash(target), "/"), rest...)
	}
	return at, info, nil
}

// openError distinguishes paths that lead nowhere, which clients choose, from what is
// wrong with the server.
func openError(err error) error {
	for _, nowhere := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR, syscall.EINVAL, syscall.ENAMETOOLONG, syscall.ELOOP} {
		if errors.Is(err, nowhere) {
			return ErrNone
		}
	}
	return fmt.Errorf("the file cannot be opened: %w", err)
}

// IsHidden reports whether a part of a name begins with a dot, .well-known (RFC 8615) at its beginning left out.
func IsHidden(name string) bool {
	parts := strings.Split(name, "/")
	if parts[0] == ".well-known" {
		parts = parts[1:]
	}
	return slices.ContainsFunc(parts, func(segment string) bool { return strings.HasPrefix(segment, ".") })
}
