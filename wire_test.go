package candor_test

import (
	"testing/fstest"
)

// somefiles are files for the handlers of net/http.
var somefiles = fstest.MapFS{"hello.txt": {Data: []byte("hello")}}
