// Starts AWS's runtime interface client; its native part is replaced by rapid-client.node.js.
import { run } from "/var/runtime/ric/dist/index.mjs";
await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
