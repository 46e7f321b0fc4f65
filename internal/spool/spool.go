// Package spool keeps the files of a request until it is over: small ones in memory,
// the others in one temporary file.
//
// It knows contents only. What a file is called, which fields take it and what a
// client is told, its caller knows.
package spool

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrGone is the error of a content that outlived its request.
var ErrGone = errors.New("the upload was removed when its request ended")

// Content is what a file contains: bytes, or a section of the file of a Store. The zero
// value is empty.
type Content struct {
	// store is nil for a content that no request brought.
	store  *Store
	memory []byte
	// offset is where the content begins in the store's file; it counts if there
	// is nothing in memory.
	offset, size int64
}

// Of is a content that is in memory already.
func Of(data []byte) Content { return Content{memory: data, size: int64(len(data))} }

// Size is its length in bytes.
func (c Content) Size() int64 { return c.size }

// Held is the content where Hold took it, or Of made it; what Take keeps may have
// none.
func (c Content) Held() []byte { return c.memory }

// Clone shares no memory with c.
func (c Content) Clone() Content {
	c.memory = bytes.Clone(c.memory)
	return c
}

// Err is ErrGone if the request is over.
func (c Content) Err() error {
	// Also for a content in memory, so that contents of all sizes behave the same.
	if c.store != nil && c.store.closed.Load() {
		return ErrGone
	}
	return nil
}

// Open opens the content, from its beginning. Each call makes a reader of its own;
// closing it is not needed.
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

// section is a section of what belongs to the request.
type section struct{ *io.SectionReader }

// Close does nothing.
func (section) Close() error { return nil }

// Save writes the content to a new file. An error removes what was written.
func (c Content) Save(path string) error {
	return c.save(func() (*os.File, error) { return os.OpenFile(path, saveFlags, saveMode) }, os.Remove)
}

// SaveIn writes the content to a new file of a directory.
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
	// The file is closed in any case; some file systems report a full disk only then.
	if err = cmp.Or(err, file.Close()); err != nil {
		return fmt.Errorf("saving an upload: %w", errors.Join(err, remove(file.Name())))
	}
	return nil
}
