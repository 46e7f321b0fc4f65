package candortest_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The failures that tests provoke leave no files behind.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "1s"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// recordingTB is a testing.TB that records failures.
type recordingTB struct {
	mutex    sync.Mutex
	errors   []string
	cleanups []func()
}

func (r *recordingTB) Helper()          {}
func (r *recordingTB) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recordingTB) Errorf(format string, args ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recordingTB) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// record runs a test to its end, including its clean-up functions, and returns the failures.
func record(test func(tb *recordingTB)) []string {
	r := &recordingTB{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	for _, cleanup := range slices.Backward(r.cleanups) {
		cleanup()
	}
	return r.errors
}

// loggingTB also records the log.
type loggingTB struct {
	recordingTB
	logs []string
}

func (l *loggingTB) Logf(format string, args ...any) {
	l.logs = append(l.logs, fmt.Sprintf(format, args...))
}

// logged is like record, and returns the log too.
func logged(test func(tb *loggingTB)) *loggingTB {
	l := &loggingTB{}
	l.errors = record(func(tb *recordingTB) {
		defer func() { tb.errors, tb.cleanups = l.errors, l.cleanups }()
		test(l)
	})
	return l
}

// row returns the columns of an operation in the table: valid requests, successes.
func (l *loggingTB) row(t *testing.T, id string) []string {
	t.Helper()
	for line := range strings.Lines(l.logs[0]) {
		if _, numbers, ok := strings.Cut(line, "("+id+")"); ok {
			return strings.Fields(numbers)
		}
	}
	t.Fatalf("no row of %s in\n%s", id, l.logs[0])
	return nil
}
