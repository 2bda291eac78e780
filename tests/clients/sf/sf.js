'use strict';
// Runs one command of the `sf` CLI in a home folder of its own, as a user would.

const { execFile } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

// A command takes half a second; one that hangs must not hold up the suite.
const DONE_WITHIN = 60_000;

/** A home folder, and what runs commands in it. */
function home() {
    const folder = mkdtempSync(join(tmpdir(), 'fauxforce-sf-'));
    const env = {
        ...process.env,
        HOME: folder,
        USERPROFILE: folder,
        SF_AUTOUPDATE_DISABLE: 'true',
        SF_DISABLE_DNS_CHECK: 'true',
        SF_DISABLE_TELEMETRY: 'true',
        SF_SKIP_NEW_VERSION_CHECK: 'true',
        SF_USE_GENERIC_UNIX_KEYCHAIN: 'true',
    };
    // The server is plain http on localhost.
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'XDG_DATA_HOME']) {
        delete env[name];
    }

    const run = (environment, args) =>
        new Promise((resolve) => {
            const command = [process.env.SF_CLI, ...args];
            const options = {
                cwd: folder,
                env: { ...env, ...environment },
                timeout: DONE_WITHIN,
                maxBuffer: 64 * 1024 * 1024,
            };
            execFile(process.execPath, command, options, (error, stdout, stderr) => {
                const status = error === null ? 0 : error.code;
                let json;
                try {
                    json = JSON.parse(stdout);
                } catch {
                    json = undefined;
                }
                resolve({ status, json, stdout, text: `${stdout}${stderr}` });
            });
        });

    /** The result of a command that succeeds, run with `--json`. */
    const sf = async (...args) => {
        const done = await run({}, [...args, '--json']);
        if (done.status !== 0) {
            throw new Error(`sf ${args.join(' ')}: status ${done.status}\n${done.text}`);
        }
        return done.json.result;
    };
    /** The text that a command prints. */
    const text = async (...args) => (await run({}, args)).stdout;
    /** How a command that must fail does: its status, the error's name and message, all it printed. */
    const failure = async (...args) => {
        const done = await run({}, [...args, '--json']);
        if (done.status === 0) {
            throw new Error(`sf ${args.join(' ')} succeeded:\n${done.text}`);
        }
        const { message = done.text, name } = done.json ?? {};
        return { status: done.status, message, name, text: done.text };
    };
    const login = async (server) => {
        const args = ['org', 'login', 'access-token', '--instance-url', server.url, '--no-prompt'];
        const alias = ['--alias', 'fake', '--set-default', '--json'];
        const done = await run({ SF_ACCESS_TOKEN: server.org.access_token }, [...args, ...alias]);
        if (done.status !== 0) {
            throw new Error(`login: status ${done.status}\n${done.text}`);
        }
        return done.json.result;
    };
    const remove = () => rmSync(folder, { recursive: true, force: true });
    return { folder, sf, text, failure, login, remove };
}

module.exports = { home };
