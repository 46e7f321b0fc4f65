package candornats

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/candor-go/candor/contrib/internal/fan"
)

// position is the position in an id: the number of a message in the stream, or, with start, the position after that
// message, which may belong to another topic.
type position struct {
	birth int64
	seq   uint64
	start bool
}

func (p position) String() string { return string(p.append(nil)) }

func (p position) append(dst []byte) []byte {
	kind := byte('m')
	if p.start {
		kind = 's'
	}
	dst = strconv.AppendInt(dst, p.birth, 16)
	return strconv.AppendUint(append(dst, '-', kind), p.seq, 10)
}

// parsePosition runs for each message of each subscriber, and does not allocate.
func parsePosition(id string) (p position, ok bool) {
	dash := strings.LastIndexByte(id, '-')
	if dash < 0 || dash+1 == len(id) {
		return position{}, false
	}
	birth, badBirth := strconv.ParseInt(id[:dash], 16, 64)
	seq, badSeq := strconv.ParseUint(id[dash+2:], 10, 64)
	p = position{birth: birth, seq: seq, start: id[dash+1] == 's'}
	var written [64]byte
	return p, badBirth == nil && badSeq == nil && string(p.append(written[:0])) == id
}

// topics implements the log of a broker.
type topics struct{ *Broker }

// Newer compares ids.
func (t *topics) Newer(a, b string) bool {
	p, _ := parsePosition(a)
	q, _ := parsePosition(b)
	return p.birth > q.birth || p.birth == q.birth && p.seq > q.seq
}

// End returns the end of the stream.
func (t *topics) End(ctx context.Context, _ string) (string, error) {
	s, err := t.stream(ctx)
	if err != nil {
		return "", err
	}
	return endOf(s.CachedInfo()).String(), nil
}

func endOf(info *jetstream.StreamInfo) position {
	return position{birth: info.Created.UnixMilli(), seq: info.State.LastSeq, start: true}
}

// pageSize is how many messages are read at once, and pageBytes about how many bytes of them.
const (
	pageSize  = 64
	pageBytes = 1 << 20
)

// Read reads first, and then checks that its position still exists. If so, the messages after it do as well, because a
// topic loses its oldest messages first.
func (t *topics) Read(ctx context.Context, topic, after string) (fan.Page, error) {
	s, err := t.stream(ctx)
	if err != nil {
		return fan.Page{}, err
	}
	subject, end := t.subject(topic), endOf(s.CachedInfo())
	if at, ok := parsePosition(after); ok && at.birth == end.birth && at.seq <= end.seq {
		page, err := readPage(ctx, s, subject, at)
		if err != nil {
			return page, err
		}
		if page.Whole, err = t.keepsAllAfter(ctx, s, subject, at); err != nil || page.Whole {
			return page, err
		}
	}
	page, err := readPage(ctx, s, subject, position{birth: end.birth})
	if len(page.Entries) == 0 {
		page.Next = end.String()
	}
	return page, err
}

// readPage reads the messages after a position.
func readPage(ctx context.Context, s jetstream.Stream, subject string, at position) (page fan.Page, err error) {
	size := 0
	for range pageSize {
		m, err := s.GetMsg(ctx, at.seq+1, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return page, nil
		}
		if err != nil {
			return page, err
		}
		at = position{birth: at.birth, seq: m.Sequence}
		page.Next = at.String()
		page.Entries = append(page.Entries, fan.Entry{ID: page.Next, Payload: m.Data})
		if size += len(m.Data); size >= pageBytes {
			break
		}
	}
	page.More = true
	return page, nil
}

// keepsAllAfter reports whether nothing after a position is lost: its message still exists, or neither age nor number
// can have removed a later one.
func (t *topics) keepsAllAfter(ctx context.Context, s jetstream.Stream, subject string, at position) (bool, error) {
	if !at.start {
		m, err := s.GetMsg(ctx, at.seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, nil
		}
		return err == nil && m.Subject == subject, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return false, err
	}
	limit := info.Config.MaxMsgsPerSubject
	cut := limit > 0 && info.State.Subjects[subject] >= uint64(limit)
	return !cut && info.State.FirstSeq <= at.seq+1, nil
}

// recreatePause is the pause before a failed consumer is created again.
const recreatePause = 200 * time.Millisecond

// idle is how long the server keeps an inactive consumer.
const idle = time.Minute

// Follow consumes the messages published in a topic.
func (t *topics) Follow(ctx context.Context, topic string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.life.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.life, cancel)
	t.follower.Go(func() {
		defer stop()
		defer cancel()
		for ctx.Err() == nil {
			// Whatever prevented or ended it may be over soon.
			_ = t.consume(ctx, topic)
			fan.Wait(ctx, recreatePause)
		}
	})
}

// consume follows a topic until its consumer ends.
func (t *topics) consume(ctx context.Context, topic string) error {
	s, err := t.stream(ctx)
	if err != nil {
		return err
	}
	end := endOf(s.CachedInfo())
	consumer, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{t.subject(topic)}, InactiveThreshold: idle,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: end.seq + 1,
	})
	if err != nil {
		return err
	}
	broken := make(chan struct{}, 1)
	consuming, err := consumer.Consume(func(m jetstream.Msg) {
		if meta, err := m.Metadata(); err == nil {
			at := position{birth: end.birth, seq: meta.Sequence.Stream}
			t.fan.Offer(topic, fan.Entry{ID: at.String(), Payload: m.Data()})
		}
	}, jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) {
		select {
		case broken <- struct{}{}:
		default:
		}
	}), jetstream.PullExpiry(10*time.Second))
	if err != nil {
		return err
	}
	defer consuming.Stop()
	t.fan.Resume(topic)
	select {
	case <-ctx.Done():
	case <-broken:
	case <-consuming.Closed():
	}
	return nil
}
