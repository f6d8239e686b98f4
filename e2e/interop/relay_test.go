package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"tailscale.com/derp"
	"tailscale.com/net/netcheck"
	"tailscale.com/net/netmon"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// The request a relay asks before it admits a client, read by stock types.
func TestAdmission(t *testing.T) {
	friend := key.NewNode()
	asked := make(chan tailcfg.DERPAdmitClientRequest, 10)
	control := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req tailcfg.DERPAdmitClientRequest
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&req); err != nil {
			t.Errorf("it asked: %v", err)
		}
		asked <- req
		json.NewEncoder(w).Encode(tailcfg.DERPAdmitClientResponse{Allow: req.NodePublic == friend.Public()})
	}))
	defer control.Close()
	relay := startRelay(t, "--plain-http", "--verify-client-url", control.URL)
	connect(t, relay.byURL(), friend)
	if req := <-asked; req.NodePublic != friend.Public() || req.Source.String() != "127.0.0.1" {
		t.Errorf("it asked %+v", req)
	}
	stranger := relay.byURL()(t, key.NewNode())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := stranger.Connect(ctx); err == nil {
		if m, err := stranger.Recv(); err == nil {
			t.Errorf("the stranger got %T", m)
		}
	}
}

// As derper's, our limit delays and loses nothing.
func TestRateLimitDelays(t *testing.T) {
	relay := startRelay(t, "--plain-http", "--rate-bytes-per-second", "1000000",
		"--rate-burst-bytes", "65568")
	a := connect(t, relay.byURL(), key.NewNode())
	b := connect(t, relay.byURL(), key.NewNode())
	began := time.Now()
	for i := range 10 {
		a.sends(b, bytes.Repeat([]byte{byte(i)}, 50000))
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("500 kB within %v", took)
	}
}

func TestRestartIsTold(t *testing.T) {
	relay := startRelay(t, "--plain-http")
	c := connect(t, relay.byURL(), key.NewNode())
	relay.cmd.Process.Signal(syscall.SIGTERM)
	t.Logf("%+v", expect[derp.ServerRestartingMessage](c))
}

// Stock netcheck measures our relay, with UDP and without.
func TestNetcheck(t *testing.T) {
	relay := startRelay(t)
	for _, udp := range []bool{true, false} {
		t.Run(fmt.Sprintf("udp=%v", udp), func(t *testing.T) { relay.netcheck(t, udp) })
	}
}

func (r *relay) netcheck(t *testing.T, udp bool) {
	node := r.node()
	node.InsecureForTests = true
	node.STUNPort = -1
	if udp {
		node.STUNPort = r.port
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c := &netcheck.Client{NetMon: netmon.NewStatic(), Logf: t.Logf}
	if err := c.Standalone(ctx, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	report, err := c.GetReport(ctx, &tailcfg.DERPMap{
		Regions: map[int]*tailcfg.DERPRegion{900: region(node)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	if report.UDP != udp || report.RegionLatency[900] == 0 || report.PreferredDERP != 900 {
		t.Errorf("%+v", report)
	}
	if seen := report.GlobalV4.Addr().String(); udp && seen != "127.0.0.1" {
		t.Errorf("seen from %v", seen)
	}
}
