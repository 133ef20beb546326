// Measuring one contender, in Node or in a page.

/** Prepares a contender, once it has accepted the credential and refused the tampered copy. */
export async function ready({ prepare }, workload) {
  const verify = await prepare(workload)
  if (!(await verify(workload.line.input))) throw new Error(`refuses ${workload.name}`)
  const firstVerdict = performance.timeOrigin + performance.now()
  const fooled = await verify(workload.tampered).catch(() => false)
  if (fooled) throw new Error(`accepts a tampered ${workload.name}`)
  return { firstVerdict, verify: () => verify(workload.line.input) }
}

/** Calls for some time, and returns the median time of one call. */
export async function measure(call, millis) {
  const took = []
  const end = performance.now() + millis
  do {
    const start = performance.now()
    if (!(await call())) throw new Error("a verdict changed")
    took.push(performance.now() - start)
  } while (performance.now() < end)
  took.sort((a, b) => a - b)
  return { millis: took[took.length >> 1], calls: took.length }
}
