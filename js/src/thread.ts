import { messageOf, VerifierError } from "./errors.js"
import { LocalRunner } from "./instance.js"
import type { FromWorker, ToWorker } from "./remote.js"

/** The worker's side: takes a message, runs it, and answers. It never throws. */
export function serve(post: (message: FromWorker, transfer: ArrayBuffer[]) => void): (message: ToWorker) => Promise<void> {
  let runner: LocalRunner | undefined
  return async (message) => {
    try {
      if ("module" in message) {
        runner = await new LocalRunner(message.module).start()
        post({ ready: true }, [])
        return
      }
      if (!runner) throw new VerifierError("ERR_WORKER", "a case before the module")
      const reply = await runner.run(message.case)
      post({ reply }, [reply.buffer as ArrayBuffer])
    } catch (thrown) {
      const code = thrown instanceof VerifierError ? thrown.code : "ERR_MODULE_FAULT"
      post({ error: { code, message: messageOf(thrown) } }, [])
    }
  }
}
