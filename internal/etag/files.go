package etag

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// Files has the entity tags of files that have no modification time. The zero value knows none; it is safe for
// concurrent use.
type Files struct {
	mutex sync.RWMutex
	known map[string]contentTag
}

// contentTag is the tag of a content of that size.
type contentTag struct {
	size int64
	tag  string
}

// Tag returns the tag of a file, made of its content when the file is first asked for. The content is rewound.
func (f *Files) Tag(name string, size int64, content io.ReadSeeker) (string, error) {
	// Without a modification time, a different size is the only sign that the file was replaced.
	f.mutex.RLock()
	known, ok := f.known[name]
	f.mutex.RUnlock()
	if ok && known.size == size {
		return known.tag, nil
	}
	tag, err := Of(func(w io.Writer) error { _, err := io.Copy(w, content); return err })
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return "", fmt.Errorf("the file could not be read: %w", err)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.known == nil {
		f.known = map[string]contentTag{}
	}
	f.known[name] = contentTag{size: size, tag: tag}
	return tag, nil
}

// Of returns a tag made of the content that write writes.
func Of(write func(io.Writer) error) (string, error) {
	sum := sha256.New()
	if err := write(sum); err != nil {
		return "", err
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`, nil
}
