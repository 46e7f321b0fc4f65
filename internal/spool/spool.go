// Package spool keeps the files of a request until the request ends: small ones in memory, the others in one temporary
// file.
//
// It knows only contents. File names, form fields and responses are up to its callers.
package spool

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrGone is the error of opening a content after its request has ended.
var ErrGone = errors.New("the upload was removed when its request ended")

// Content is the content of a file: bytes in memory, or a section of the file of a Store. The zero value is empty.
type Content struct {
	// store is nil for a content that does not come from a request.
	store  *Store
	memory []byte
	// offset is where the content begins in the file of the store. It is unused if the content is in memory.
	offset, size int64
}

// Of returns a content of bytes that are already in memory.
func Of(data []byte) Content { return Content{memory: data, size: int64(len(data))} }

// Size returns the length in bytes.
func (c Content) Size() int64 { return c.size }

// Held returns the bytes of a content that was made by Hold or Of. A content made by Take may be in the file, and then
// has none.
func (c Content) Held() []byte { return c.memory }

// Clone returns a copy that shares no memory with c.
func (c Content) Clone() Content {
	c.memory = bytes.Clone(c.memory)
	return c
}

// Err returns ErrGone if the request has ended.
func (c Content) Err() error {
	// Also checked for a content in memory, so that contents of all sizes behave the same.
	if c.store != nil && c.store.closed.Load() {
		return ErrGone
	}
	return nil
}

// Open returns a new reader at the beginning of the content. It need not be closed.
func (c Content) Open() (io.ReadSeekCloser, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	var from io.ReaderAt = bytes.NewReader(c.memory)
	if c.store != nil && c.memory == nil && c.size > 0 {
		from = c.store.file
	}
	return section{io.NewSectionReader(from, c.offset, c.size)}, nil
}

// section is a section of the store's file, which the request closes.
type section struct{ *io.SectionReader }

// Close does nothing.
func (section) Close() error { return nil }

// Save writes the content to a new file, which is removed again on error.
func (c Content) Save(path string) error {
	return c.save(func() (*os.File, error) { return os.OpenFile(path, saveFlags, saveMode) }, os.Remove)
}

// SaveIn writes the content to a new file in a directory.
func (c Content) SaveIn(root *os.Root, name string) error {
	return c.save(
		func() (*os.File, error) { return root.OpenFile(name, saveFlags, saveMode) },
		func(string) error { return root.Remove(name) },
	)
}

const (
	saveFlags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	saveMode  = 0o644
)

func (c Content) save(create func() (*os.File, error), remove func(path string) error) error {
	content, err := c.Open()
	if err != nil {
		return fmt.Errorf("saving an upload: %w", err)
	}
	file, err := create()
	if err != nil {
		return fmt.Errorf("saving an upload: %w", err)
	}
	_, err = io.Copy(file, content)
	// The file is always closed; some file systems report a full disk only then.
	if err = cmp.Or(err, file.Close()); err != nil {
		return fmt.Errorf("saving an upload: %w", errors.Join(err, remove(file.Name())))
	}
	return nil
}
