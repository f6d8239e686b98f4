package interop

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"go4.org/mem"
	"tailscale.com/disco"
	"tailscale.com/types/key"
)

// Each message, sealed by stock code, is opened, read, written and sealed by
// ours, and is then what it was: to stock code, and byte for byte.
func TestDiscoThereAndBack(t *testing.T) {
	raw := key.NewNode().Raw32()
	ours, stock := key.DiscoPrivateFromRaw32(mem.B(raw[:])), key.NewDisco()
	theirs := stock.Public().Raw32()
	cmd := exec.Command(bin("e2e/interop/disco_echo"), hex.EncodeToString(raw[:]),
		hex.EncodeToString(theirs[:]))
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)

	shared := stock.Shared(ours.Public())
	header := disco.Magic + string(stock.Public().AppendTo(nil))
	for _, m := range messages() {
		plain := m.AppendMarshal(nil)
		fmt.Fprintf(in, "%x\n", header+string(shared.Seal(plain)))
		if !lines.Scan() {
			t.Fatalf("%T: ours did not read it", m)
		}
		back, err := hex.DecodeString(lines.Text())
		if err != nil || !disco.LooksLikeDiscoWrapper(back) {
			t.Fatalf("%T: %q", m, lines.Text())
		}
		if src, _ := disco.Source(back); key.DiscoPublicFromRaw32(mem.B(src)) != ours.Public() {
			t.Errorf("%T: sender %x", m, src)
		}
		got, ok := shared.Open(back[len(header):])
		if !ok || string(got) != string(plain) {
			t.Errorf("%T: %x became %x", m, plain, got)
		}
		if parsed, err := disco.Parse(got); err != nil || !reflect.DeepEqual(parsed, m) {
			t.Errorf("%T: %+v became %+v (%v)", m, m, parsed, err)
		}
	}
}

func messages() []disco.Message {
	a, b, server := key.NewDisco().Public(), key.NewDisco().Public(), key.NewDisco().Public()
	node := key.NewNode().Public()
	id := [12]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	addrs := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:41641"),
		netip.MustParseAddrPort("[2001:db8::9]:65535"), netip.MustParseAddrPort("127.3.3.40:900")}
	binding := disco.BindUDPRelayEndpointCommon{VNI: 0xa1b2c3, Generation: 7, RemoteKey: a}
	answer := binding
	answer.Challenge = [32]byte{31: 9, 0: 1}
	sorted := key.NewSortedPairOfDiscoPublic(a, b).Get()
	endpoint := disco.UDPRelayEndpoint{ServerDisco: server, ClientDisco: sorted,
		LamportID: 1 << 60, VNI: 5, BindLifetime: 30*time.Second + 1,
		SteadyStateLifetime: 5 * time.Minute, AddrPorts: addrs}
	return []disco.Message{
		&disco.Ping{TxID: id},
		&disco.Ping{TxID: id, NodeKey: node},
		&disco.Ping{TxID: id, NodeKey: node, Padding: 1},
		&disco.Ping{TxID: id, NodeKey: node, Padding: 8000},
		&disco.Pong{TxID: id, Src: addrs[0]},
		&disco.Pong{TxID: id, Src: addrs[1]},
		&disco.Pong{TxID: id, Src: addrs[2]},
		&disco.CallMeMaybe{},
		&disco.CallMeMaybe{MyNumber: addrs},
		&disco.BindUDPRelayEndpoint{BindUDPRelayEndpointCommon: binding},
		&disco.BindUDPRelayEndpointChallenge{BindUDPRelayEndpointCommon: answer},
		&disco.BindUDPRelayEndpointAnswer{BindUDPRelayEndpointCommon: answer},
		&disco.CallMeMaybeVia{UDPRelayEndpoint: endpoint},
		&disco.AllocateUDPRelayEndpointRequest{ClientDisco: sorted, Generation: 1 << 31},
		&disco.AllocateUDPRelayEndpointResponse{Generation: 3, UDPRelayEndpoint: endpoint},
	}
}
