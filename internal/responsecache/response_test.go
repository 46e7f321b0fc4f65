package responsecache_test

import (
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/responsecache"
)

// TestMake makes a response while another request waits for it; a third request finds it in the store.
func TestMake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caches := responsecache.New(nil, "app", slog.New(slog.DiscardHandler))
		cache := caches.Of(nil)
		find := func() ([]string, *responsecache.Response) {
			versions, kept, err := cache.Find(t.Context(), 0, []string{"key", caches.TagKey("tag")})
			require.NoError(t, err)
			return versions, kept
		}
		versions, kept := find()
		require.Nil(t, kept)
		first, own := cache.Make("key", versions)
		require.True(t, own)
		second, own := cache.Make("key", versions)
		require.False(t, own)
		go func() {
			time.Sleep(time.Second)
			made := &responsecache.Response{At: time.Now().Unix(), ContentType: "text/plain", Header: []response.Line{{Name: "A", Value: "1"}}, Body: []byte("made")}
			assert.NoError(t, first.Keep(t.Context(), 0, time.Minute, made))
			first.Finish()
		}()
		waited, err := second.Wait(t.Context())
		require.NoError(t, err)
		_, found := find()
		for _, kept := range []*responsecache.Response{waited, found} {
			assert.Equal(t, "text/plain", kept.ContentType)
			assert.Equal(t, []response.Line{{Name: "A", Value: "1"}}, kept.Header)
			assert.Equal(t, "made", string(kept.Body))
		}
		require.NoError(t, caches.Invalidate(t.Context(), []string{"tag"}))
		_, found = find()
		assert.Nil(t, found, "a tag was dropped")
	})
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := http.Header{"Kept": {"1"}, "Added": {"1"}, "Changed": {"1"}}
		after := http.Header{"Kept": {"1"}, "Added": {"1", "2"}, "Changed": {"3"}, "New": {"4", "5"}}
		kept := responsecache.Response{At: time.Now().Unix(), ContentType: "text/plain", Header: []response.Line{{Name: "A", Value: "1"}}, Body: []byte("made")}
		assert.True(t, kept.Note(before, after))
		time.Sleep(7 * time.Second)
		h := http.Header{"Kept": {"8"}, "Added": {"8"}, "Changed": {"8"}}
		a := response.Response{Header: []response.Line{{Name: "B", Value: "2"}}}
		kept.Replay(&a, h)
		assert.Equal(t, response.Outcome{Status: 200, ContentType: "text/plain", Borrowed: []byte("made")}, a.Outcome)
		assert.Equal(t, []response.Line{{Name: "A", Value: "1"}}, a.Header)
		assert.Equal(t, http.Header{"Kept": {"8"}, "Added": {"8", "2"}, "Changed": {"3"}, "New": {"4", "5"}, "Age": {"7"}}, h)
		assert.False(t, kept.Note(nil, http.Header{"Set-Cookie": {"a=b"}}))
	})
}
