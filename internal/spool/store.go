package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sync/atomic"
)

// Limits for the files of a request that are kept in memory: all together, and each.
const (
	memory     = 1 << 20
	memoryEach = 64 << 10
	// blockSize is how many bytes are written to the file at once.
	blockSize = memoryEach
)

// Store holds the files of one request. Small ones are in memory, the others one after the other in a temporary file, so
// that a form with many files needs one file descriptor. Files are added one at a time; they can be read at any time
// until the store is closed.
type Store struct {
	// memoryLeft is what remains of the memory limit for fields that hold whole files; held is what they use.
	memoryLeft, held int64
	// sent is the length of the form according to its Content-Length, negative if unknown.
	sent   int64
	used   int64
	file   *os.File
	length int64
	// linked reports whether the file still has a name.
	linked bool
	closed atomic.Bool
}

// ErrFailed marks errors of the server, such as a full disk.
var ErrFailed = errors.New("keeping an upload")

// TooMuchError is the error if the contents held in memory have more than this many bytes together.
type TooMuchError int64

// Error states the limit.
func (e TooMuchError) Error() string {
	return fmt.Sprintf("more than %d bytes to hold in memory", int64(e))
}

// Begin sets the length of the form, negative if unknown, and how many bytes Hold may keep in memory.
func (s *Store) Begin(length, held int64) { s.sent, s.memoryLeft = length, held }

// Take reads a content and keeps it, in memory if it is small.
func (s *Store) Take(part io.Reader) (c Content, err error) {
	share := s.share()
	begin, err := readUpTo(part, share)
	n := int64(len(begin))
	switch {
	case err != nil && err != io.EOF: //nolint:errorlint // readers return it bare
		return c, err
	// Nothing is lost: the bytes read so far become the first block of the file.
	case n > share:
		return s.spool(begin, part)
	}
	s.used += n
	return Content{size: n, store: s, memory: begin}, nil
}

// share returns how many bytes of the next file may be held in memory. A short form is held completely, but never more
// than its declared length.
func (s *Store) share() int64 {
	if 0 <= s.sent && s.sent <= memory {
		return s.sent - s.used
	}
	return min(memoryEach, memory-s.used)
}

// leastMemory is the initial size of a buffer, in bytes.
const leastMemory = 4 << 10

// readUpTo reads a content to its end, or one byte more than most. The buffer grows with the bytes received, whatever
// length was declared. At most half of the returned capacity is unused.
func readUpTo(content io.Reader, most int64) (data []byte, err error) {
	// One byte more than the limit shows that the content is too long; min prevents an overflow of the sum.
	enough := min(most, math.MaxInt64-1) + 1
	for err == nil && int64(len(data)) < enough {
		buffer := make([]byte, min(max(leastMemory, 4*int64(len(data))), enough))
		n := copy(buffer, data)
		more, failed := fill(content, buffer[n:])
		data, err = buffer[:n+more], failed
	}
	// The content stays in memory for the whole request, so copying it to a buffer of its size pays off.
	if cap(data) > 2*len(data) {
		data = bytes.Clone(data)
	}
	return data, err
}

// fill reads until b is full. Unlike io.ReadFull it returns the original error, which tells a truncated content from
// its end.
func fill(content io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = content.Read(b[n:])
		n += more
	}
	return n, err
}

// spool appends a content to the file, block by block; the first block has been read already. The file is unlinked right
// after it is created, so that the system deletes it even if the process is killed. Where an open file cannot be
// unlinked, this happens at the end.
func (s *Store) spool(block []byte, rest io.Reader) (c Content, err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "candor-upload-*"); err != nil {
			return c, fmt.Errorf("%w: %w", ErrFailed, err)
		}
		s.linked = os.Remove(s.file.Name()) != nil
	}
	// The buffer is used for all later writes. Full blocks need the fewest.
	if cap(block) < blockSize {
		block = slices.Grow(block, blockSize)
	}
	c = Content{store: s, offset: s.length}
	for len(block) > 0 {
		n, err := s.file.Write(block)
		s.length += int64(n)
		if err != nil {
			return c, fmt.Errorf("%w: %w", ErrFailed, err)
		}
		// The block has been written, so its buffer can be reused.
		n, err = fill(rest, block[:cap(block)])
		if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
			return c, err
		}
		block = block[:n]
	}
	c.size = s.length - c.offset
	return c, nil
}

// Close closes the store. Its contents can no longer be opened.
func (s *Store) Close() {
	// Set before the file is closed, so that opening a content afterwards returns ErrGone.
	s.closed.Store(true)
	if s.file == nil {
		return
	}
	_ = s.file.Close()
	if s.linked {
		_ = os.Remove(s.file.Name())
	}
}

// Hold reads a content into memory. One limit applies to all contents that are held.
func (s *Store) Hold(content io.Reader) (c Content, err error) {
	// Many small files need as much memory as a large one, so all files of the form share one limit.
	all, err := readUpTo(content, s.memoryLeft)
	n := int64(len(all))
	switch {
	case err != nil && err != io.EOF: //nolint:errorlint // readers return it bare
		return c, err
	case n > s.memoryLeft:
		return c, TooMuchError(s.held + s.memoryLeft)
	}
	s.memoryLeft, s.held = s.memoryLeft-n, s.held+n
	return Content{size: n, store: s, memory: all}, nil
}
