// Package gateway runs the trustless gateway that IPFS nodes run, boxo's, over the
// blocks of CAR files.
//
// It implements nothing itself: path resolution, CAR and raw responses, headers and
// status codes are boxo's, with the settings of a strict gateway. There is nobody
// behind it: a block that it has not is not found.
//
// Text: https://specs.ipfs.tech/http-gateways/trustless-gateway/
package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/exchange/offline"
	boxo "github.com/ipfs/boxo/gateway"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// The time that one answer may take. Everything is in memory.
const maxRequest = 10 * time.Second

// Gateway is a trustless gateway over blocks in memory.
type Gateway struct {
	store   blockstore.Blockstore
	handler http.Handler
}

// New returns a gateway without blocks.
func New() (*Gateway, error) {
	store := blockstore.NewBlockstore(dssync.MutexWrap(datastore.NewMapDatastore()))
	backend, err := boxo.NewBlocksBackend(blockservice.New(store, offline.Exchange(store)))
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	handler := boxo.NewHandler(boxo.Config{
		DeserializedResponses: false,
		NoDNSLink:             true,
		DisableHTMLErrors:     true,
		RetrievalTimeout:      maxRequest,
		MaxRequestDuration:    maxRequest,
		MetricsRegistry:       prometheus.NewRegistry(), // not the default one: a program may have several gateways
	}, backend)
	// A page of another origin may ask.
	return &Gateway{store, boxo.NewHeaders(nil).ApplyCors().Wrap(handler)}, nil
}

// Put adds a block.
func (g *Gateway) Put(b block.Block) error {
	bb, err := blocks.NewBlockWithCid(b.Data, b.CID)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return g.store.Put(context.Background(), bb)
}

// Delete removes a block, as a node's garbage collection does.
func (g *Gateway) Delete(c cid.Cid) error {
	return g.store.DeleteBlock(context.Background(), c)
}

// ServeHTTP answers under /ipfs/ and nowhere else: names are not this gateway's.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/ipfs/") {
		http.NotFound(w, r)
		return
	}
	g.handler.ServeHTTP(w, r)
}
