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

// How much of its files a request may hold in memory, and how much of one.
const (
	memory     = 1 << 20
	memoryEach = 64 << 10
	// blockSize is what is written to a file at once.
	blockSize = memoryEach
)

// Store holds the files of one request: the small ones in memory, the
// others one after the other in a temporary file, so that a form of many files
// takes one descriptor. A file is taken after the other; they are read at any
// time, until the store is closed.
type Store struct {
	// memoryLeft is what is left for files that fields hold as a whole, and held what
	// they have taken.
	memoryLeft, held int64
	// sent is how long the form is, as its Content-Length says; negative if it
	// says nothing.
	sent   int64
	used   int64
	file   *os.File
	length int64
	// linked means that the file still has a name.
	linked bool
	closed atomic.Bool
}

// ErrFailed marks what goes wrong on the server's side.
var ErrFailed = errors.New("keeping an upload")

// TooMuchError is the error of contents that are held in memory, which have together
// more than this many bytes.
type TooMuchError int64

// Error says so.
func (e TooMuchError) Error() string {
	return fmt.Sprintf("more than %d bytes to hold in memory", int64(e))
}

// Begin says how long the form is, negative where nobody knows, and how many bytes
// Hold may take into memory.
func (s *Store) Begin(length, held int64) { s.sent, s.memoryLeft = length, held }

// Take keeps a content, in memory if it is small.
func (s *Store) Take(part io.Reader) (c Content, err error) {
	share := s.share()
	begin, err := readUpTo(part, share)
	n := int64(len(begin))
	switch {
	case err != nil && err != io.EOF: //nolint:errorlint // readers return it bare
		return c, err
	// Nothing is lost: what was read becomes the first block of the file.
	case n > share:
		return s.spool(begin, part)
	}
	s.used += n
	return Content{size: n, store: s, memory: begin}, nil
}

// share is how much of the next file may be held in memory: of a form that
// says that it is short, everything, and no more than it says.
func (s *Store) share() int64 {
	if 0 <= s.sent && s.sent <= memory {
		return s.sent - s.used
	}
	return min(memoryEach, memory-s.used)
}

// leastMemory is the buffer for the shortest contents, in bytes.
const leastMemory = 4 << 10

// readUpTo reads a content to its end, or one byte more than most. Its buffer
// grows with what has come, whatever was announced; of what it returns, at most
// half is of no use.
func readUpTo(content io.Reader, most int64) (data []byte, err error) {
	// One byte over the limit shows that there is more; min keeps the sum from overflowing.
	enough := min(most, math.MaxInt64-1) + 1
	for err == nil && int64(len(data)) < enough {
		buffer := make([]byte, min(max(leastMemory, 4*int64(len(data))), enough))
		n := copy(buffer, data)
		more, failed := fill(content, buffer[n:])
		data, err = buffer[:n+more], failed
	}
	// The content stays in memory for the whole request, so a copy of its size pays off.
	if cap(data) > 2*len(data) {
		data = bytes.Clone(data)
	}
	return data, err
}

// fill reads until b is full. Unlike io.ReadFull it reports why it is not: that a
// content is cut short, or at its end.
func fill(content io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = content.Read(b[n:])
		n += more
	}
	return n, err
}

// spool appends a content to the file, block by block, of which the first has
// been read. A file without a name is removed by the system, even if the
// process is killed; where one that is open cannot lose its name, it does so at
// the end.
func (s *Store) spool(block []byte, rest io.Reader) (c Content, err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "candor-upload-*"); err != nil {
			return c, fmt.Errorf("%w: %w", ErrFailed, err)
		}
		s.linked = os.Remove(s.file.Name()) != nil
	}
	// The buffer is used for every later write, of which full blocks need the fewest.
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
		// The block is in the file by now, so its buffer takes the next one.
		n, err = fill(rest, block[:cap(block)])
		if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
			return c, err
		}
		block = block[:n]
	}
	c.size = s.length - c.offset
	return c, nil
}

// Close ends the life of the contents.
func (s *Store) Close() {
	// Before the file is closed, so that whoever opens a content after that gets the clear
	// error.
	s.closed.Store(true)
	if s.file == nil {
		return
	}
	_ = s.file.Close()
	if s.linked {
		_ = os.Remove(s.file.Name())
	}
}

// Hold takes all of a content into memory, within the limit for all that are held.
func (s *Store) Hold(content io.Reader) (c Content, err error) {
	// One limit for all files of the form: many small ones would take as much memory as a
	// large one.
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
