// The page's service worker: it keeps the page and the module, and never asks the
// page's host again.
const kept = ["/", "/app.js", "/verifier.wasm"]

addEventListener("install", (event) => event.waitUntil(caches.open("page").then((cache) => cache.addAll(kept))))
addEventListener("activate", (event) => event.waitUntil(clients.claim()))
addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url)
  if (origin !== location.origin || !kept.includes(pathname)) return
  event.respondWith(caches.match(pathname).then((answer) => answer ?? fetch(event.request)))
})
