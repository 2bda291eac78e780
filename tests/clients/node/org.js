'use strict';
// An org of its own for a test: a fork of the one that `fauxforce exec` started.

const { Connection } = require('jsforce');

const orgs = `${process.env.FAUXFORCE_CONTROL_URL}/orgs`;

async function send(method, url, body) {
    const answer = await fetch(url, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) {
        throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
}

/** Forks an org that lasts as long as the test `t`: its facts, `control(…)` and `connect()`. */
async function fork(t) {
    const facts = await send('POST', `${orgs}/default/fork`, {});
    /** A call of the control API of this org. */
    const control = (method, path, body) => send(method, `${orgs}/${facts.name}${path}`, body);
    t.after(() => control('DELETE', ''));
    return {
        ...facts,
        control,
        /** A client with the org's access token. */
        connect: () =>
            new Connection({
                instanceUrl: process.env.SF_INSTANCE_URL,
                accessToken: facts.access_token,
                version: '66.0',
            }),
    };
}

module.exports = { fork };
