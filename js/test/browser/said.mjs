// Keeps what is printed, and what nobody catches: not every driver can tell.
export const said = []
for (const level of ["log", "info", "warn", "error", "debug"]) {
  const print = console[level].bind(console)
  console[level] = (...what) => {
    said.push(what.map(String).join(" "))
    print(...what)
  }
}
addEventListener("error", (event) => said.push(event.message))
addEventListener("unhandledrejection", (event) => said.push(String(event.reason)))
