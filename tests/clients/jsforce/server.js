'use strict';
// Starts the built binary and gives the facts of its ready line.

const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');

const READY_WITHIN = 30_000;

/** Starts a server of its own for a test file: `{url, control_url, org, stop()}`. */
async function start(...options) {
    const binary = process.env.FAUXFORCE_BIN;
    if (!binary) {
        throw new Error('FAUXFORCE_BIN must name the built fauxforce binary');
    }
    const child = spawn(binary, ['serve', '--port', '0', '--json', ...options], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    // A test that fails early must not leave a server behind.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    const timer = setTimeout(kill, READY_WITHIN);
    const lines = createInterface({ input: child.stdout });
    const line = await new Promise((resolve, reject) => {
        child.once('error', reject);
        lines.once('line', resolve);
        lines.once('close', () => reject(new Error('the server ended before it was ready')));
    });
    clearTimeout(timer);
    return {
        ...JSON.parse(line),
        /** Stops the server; resolves to its exit status. */
        async stop() {
            child.kill('SIGTERM');
            const status = await exited;
            process.removeListener('exit', kill);
            return status;
        },
    };
}

/** A call of the control API: the parsed answer, or an error with what was answered. */
async function control(server, method, path, body) {
    const answer = await fetch(`${server.control_url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) {
        throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
}

module.exports = { start, control };
