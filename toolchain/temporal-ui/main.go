// Temporal's web UI on a Unix socket. Its own main listens on TCP only and asks nobody who they are, so that every user
// of the machine would have what the UI may do. This is that main (server/server.go of ui-server v2.54.1) but for the
// listener, and without logins of its own: the gateway asks.
package main

import (
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/plugins/fs_config_provider"
	"github.com/temporalio/ui-server/v2/server/api"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/headers"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: temporal-ui SOCKET CONFIG_DIR (with local.yaml)")
	}
	socket, configDir := os.Args[1], os.Args[2]
	provider, err := config.NewConfigProviderWithRefresh(fs_config_provider.NewFSConfigProvider(configDir, "local"))
	check(err)
	cfg, err := provider.GetConfig()
	check(err)

	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(middleware.Recover(), middleware.Gzip(), middleware.Secure())
	secure := !cfg.CORS.CookieInsecure
	e.Use(csrf.EnsureTokenCookie(secure), middleware.CSRFWithConfig(csrf.MiddlewareConfig(provider, secure)))
	e.Pre(route.PublicPath(cfg.PublicPath))
	route.SetHealthRoute(e)
	check(route.SetAPIRoutes(e, provider, []api.Middleware{headers.WithForwardHeaders([]string{"Caller-Type"})}))
	assets, err := ui.Assets()
	check(err)
	local, err := fs.Sub(assets, "local")
	check(err)
	check(route.SetUIRoutes(e, cfg.PublicPath, local))
	route.SetRenderRoute(e, cfg.PublicPath)

	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		check(err)
	}
	e.Listener, err = net.Listen("unix", socket)
	check(err)
	if err := e.Start(""); err != http.ErrServerClosed {
		check(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
