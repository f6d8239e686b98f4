// Package interop runs Warren's programs against stock Tailscale software.
package interop

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tailscale.com/derp"
	"tailscale.com/derp/derpconst"
	"tailscale.com/derp/derphttp"
	"tailscale.com/disco"
	"tailscale.com/envknob"
	"tailscale.com/net/netmon"
	"tailscale.com/net/stun"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

var lastPort = 20000

// bin is a program built by Bazel.
func bin(path string) string {
	return filepath.Join(os.Getenv("WARREN_BIN"), path)
}

// A relay of ours: DERP on TCP, STUN on UDP, at one port.
type relay struct {
	cmd  *exec.Cmd
	port int
	log  func() string
}

// startRelay runs our relay until the test ends.
func startRelay(t *testing.T, args ...string) *relay {
	t.Helper()
	lastPort += 2 // STUN answers at the next port, too.
	r := &relay{port: lastPort}
	at := fmt.Sprintf("127.0.0.1:%d", r.port)
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	r.log = func() string { b, _ := os.ReadFile(out.Name()); return string(b) }
	r.cmd = exec.Command(bin("relay/warren-relay"), append([]string{
		"--listen", at, "--stun-listen", at, "--threads", "2",
		"--key-file", filepath.Join(dir, "relay.key"), "--hostname", "127.0.0.1",
		"--metrics-listen", fmt.Sprintf("127.0.0.1:%d", r.port+1000)}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = out, out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.cmd.Process.Signal(os.Interrupt)
		if err := r.cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the relay: %v\n%s", err, r.log())
		}
	})
	for end := time.Now().Add(5 * time.Second); !strings.Contains(r.log(), "info started"); {
		if time.Now().After(end) {
			t.Fatal("the relay does not start")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return r
}

func (r *relay) node() *tailcfg.DERPNode {
	return &tailcfg.DERPNode{Name: "900a", RegionID: 900, HostName: "127.0.0.1",
		IPv4: "127.0.0.1", IPv6: "none", DERPPort: r.port}
}

func region(node *tailcfg.DERPNode) *tailcfg.DERPRegion {
	return &tailcfg.DERPRegion{RegionID: 900, RegionCode: "lab", Nodes: []*tailcfg.DERPNode{node}}
}

// A dialer makes a stock client of a relay.
type dialer func(t *testing.T, k key.NodePrivate) *derphttp.Client

// byRegion is how a stock node connects; always TLS.
func (r *relay) byRegion(edit func(*tailcfg.DERPNode)) dialer {
	node := r.node()
	edit(node)
	return func(t *testing.T, k key.NodePrivate) *derphttp.Client {
		return derphttp.NewRegionClient(k, t.Logf, netmon.NewStatic(),
			func() *tailcfg.DERPRegion { return region(node) })
	}
}

// byURL is by plain HTTP.
func (r *relay) byURL() dialer {
	return func(t *testing.T, k key.NodePrivate) *derphttp.Client {
		c, err := derphttp.NewClient(k, fmt.Sprintf("http://127.0.0.1:%d/derp", r.port),
			t.Logf, netmon.NewStatic())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

type client struct {
	*derphttp.Client
	t    *testing.T
	key  key.NodePublic
	msgs chan derp.ReceivedMessage
}

// connect logs a stock client in, and reads all it is told.
func connect(t *testing.T, dial dialer, k key.NodePrivate) *client {
	t.Helper()
	c := &client{dial(t, k), t, k.Public(), make(chan derp.ReceivedMessage, 1000)}
	c.SetCanAckPings(true)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		t.Fatalf("Connect: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		for {
			m, _, err := c.RecvDetail()
			if err != nil {
				close(c.msgs)
				return
			}
			if p, ok := m.(derp.ReceivedPacket); ok {
				p.Data = bytes.Clone(p.Data)
				m = p
			}
			c.msgs <- m
		}
	}()
	// Connect does not wait for the server's side of the login.
	expect[derp.ServerInfoMessage](c)
	return c
}

// expect waits for the next message of type M; others are passed over.
func expect[M derp.ReceivedMessage](c *client) M {
	c.t.Helper()
	var none M
	deadline := time.After(5 * time.Second)
	for {
		select {
		case m, ok := <-c.msgs:
			if !ok {
				c.t.Fatalf("closed while waiting for %T", none)
			}
			if got, ok := m.(M); ok {
				return got
			}
		case <-deadline:
			c.t.Fatalf("no %T", none)
		}
	}
}

func (c *client) sends(to *client, data []byte) {
	c.t.Helper()
	if err := c.Send(to.key, data); err != nil {
		c.t.Fatal(err)
	}
	got := expect[derp.ReceivedPacket](to)
	if got.Source != c.key || !bytes.Equal(got.Data, data) {
		c.t.Fatalf("got %d bytes from %v", len(got.Data), got.Source)
	}
}

var pinText = regexp.MustCompile(`sha256-raw:[0-9a-f]{64}`)

func TestStockClientsOnOurRelay(t *testing.T) {
	plain, tls := startRelay(t, "--plain-http"), startRelay(t)
	ways := map[string]dialer{
		"plain":    plain.byURL(),
		"pin":      tls.byRegion(func(n *tailcfg.DERPNode) { n.CertName = pinText.FindString(tls.log()) }),
		"insecure": tls.byRegion(func(n *tailcfg.DERPNode) { n.InsecureForTests = true }),
		"websocket": func(t *testing.T, k key.NodePrivate) *derphttp.Client {
			envknob.Setenv("TS_DEBUG_DERP_WS_CLIENT", "1")
			t.Cleanup(func() { envknob.Setenv("TS_DEBUG_DERP_WS_CLIENT", "") })
			return plain.byURL()(t, k)
		},
	}
	for name, dial := range ways {
		t.Run(name, func(t *testing.T) { exchange(t, dial) })
	}
}

func exchange(t *testing.T, dial dialer) {
	a := connect(t, dial, key.NewNode())
	b := connect(t, dial, key.NewNode())
	if tls, ok := a.TLSConnectionState(); ok {
		// The last certificate tells the server's key, for a fast start.
		want := derpconst.MetaCertCommonNamePrefix + a.ServerPublicKey().UntypedHexString()
		last := tls.PeerCertificates[len(tls.PeerCertificates)-1]
		if last.Subject.CommonName != want || last.SerialNumber.Int64() != derp.ProtocolVersion {
			t.Errorf("meta certificate %v", last.Subject)
		}
	}
	if a.ServerPublicKey().IsZero() || a.ServerPublicKey() != b.ServerPublicKey() {
		t.Fatal("the server's key")
	}
	a.NotePreferred(true)
	for _, size := range []int{0, 1, 32, 1280, 4096, derp.MaxPacketSize} {
		a.sends(b, bytes.Repeat([]byte{byte(size), 1}, size/2+size%2)[:size])
		b.sends(a, bytes.Repeat([]byte{byte(size), 2}, size/2+size%2)[:size])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := a.Ping(ctx); err != nil {
		t.Fatalf("Ping: %v", err)
	}
	a.NotePreferred(false)

	nobody := key.NewNode().Public()
	a.Send(nobody, append([]byte(disco.Magic), make([]byte, 100)...))
	if gone := expect[derp.PeerGoneMessage](a); gone.Peer != nobody ||
		gone.Reason != derp.PeerGoneReasonNotHere {
		t.Fatalf("%+v", gone)
	}
	b.Close()
	if gone := expect[derp.PeerGoneMessage](a); gone.Peer != b.key ||
		gone.Reason != derp.PeerGoneReasonDisconnected {
		t.Fatalf("%+v", gone)
	}

	// One key, two connections: the one that spoke last gets what comes.
	k := key.NewNode()
	first := connect(t, dial, k)
	first.sends(a, []byte("I am first"))
	second := connect(t, dial, k)
	second.sends(a, []byte("I am second"))
	a.sends(second, []byte("to the second"))
	first.sends(a, []byte("I am still here"))
	a.sends(first, []byte("to the first"))
	first.Close()
	a.Ping(ctx)
	second.sends(a, []byte("alone"))
	a.sends(second, []byte("to the one that stays"))
}

func TestWrongPinIsRefused(t *testing.T) {
	dial := startRelay(t).byRegion(func(n *tailcfg.DERPNode) {
		n.CertName = "sha256-raw:" + string(bytes.Repeat([]byte("0"), 64))
	})
	if err := dial(t, key.NewNode()).Connect(context.Background()); err == nil {
		t.Fatal("it connected")
	}
}

func TestStun(t *testing.T) {
	port := startRelay(t, "--plain-http").port
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	id := stun.NewTxID()
	conn.WriteTo(stun.Request(id), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 1500)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	got, seen, err := stun.ParseResponse(buf[:n])
	if want := conn.LocalAddr().(*net.UDPAddr).AddrPort(); err != nil || got != id ||
		seen != netip.AddrPortFrom(want.Addr().Unmap(), want.Port()) {
		t.Fatalf("%v %v %v", got, seen, err)
	}
}

// Our extended request is one that stock relays answer; as in
// core/stun/stun_test.cc.
func TestStockServersAnswerTheExtendedRequest(t *testing.T) {
	request, err := hex.DecodeString("0001001c2112a4420102030405060708090a0b0c" +
		"802200087461696c6e6f6465" + "0003000400000002" + "80280004f60d2de4")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := stun.ParseBindingRequest(request); err != nil || id[0] != 1 {
		t.Fatalf("%v %v", id, err)
	}
}

// What a stock client and stock tools ask by HTTP.
func TestHTTPPages(t *testing.T) {
	port := startRelay(t, "--plain-http").port
	for path, want := range map[string]int{"/derp/probe": 200, "/derp/latency-check": 200,
		"/generate_204": 204, "/": 200, "/robots.txt": 200, "/nothing": 404} {
		req, _ := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d%s", port, path), nil)
		req.Header.Set("X-Tailscale-Challenge", "ts_127.0.0.1")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		if path == "/generate_204" && resp.Header.Get("X-Tailscale-Response") != "response ts_127.0.0.1" {
			t.Error("no answer to the challenge")
		}
	}
}
