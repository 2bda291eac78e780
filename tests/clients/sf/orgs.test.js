'use strict';
// Logging in, and what the CLI says of an org.

const assert = require('node:assert/strict');
const { generateKeyPairSync } = require('node:crypto');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const { start } = require('../jsforce/server');
const { home } = require('./sf');

let server;
let cli;
before(async () => {
    server = await start();
    cli = home();
});
after(async () => {
    cli.remove();
    await server.stop();
});

test('org login access-token', async () => {
    const org = await cli.login(server);
    assert.equal(org.username, server.org.username);
    assert.equal(org.orgId, server.org.id);
    assert.equal(org.name, 'fauxforce');
    assert.equal(org.instanceApiVersion, '67.0');
    assert.equal(org.isSandbox, false);
});

test('org display', async () => {
    const org = await cli.sf('org', 'display');
    assert.equal(org.id, server.org.id);
    assert.equal(org.connectedStatus, 'Connected');
    assert.equal(org.alias, 'fake');
});

test('org list', async () => {
    const { nonScratchOrgs } = await cli.sf('org', 'list');
    assert.deepEqual(nonScratchOrgs.map((org) => org.username), [server.org.username]);
    assert.equal(nonScratchOrgs[0].connectedStatus, 'Connected');
});

test('org display user', async () => {
    const user = await cli.sf('org', 'display', 'user');
    assert.equal(user.id, server.org.user_id);
    assert.equal(user.profileName, 'System Administrator');
});

test('org list limits', async () => {
    const limits = await cli.sf('org', 'list', 'limits');
    const requests = limits.find((limit) => limit.name === 'DailyApiRequests');
    assert.ok(requests.remaining > 0 && requests.remaining < requests.max);
});

test('org list sobject record-counts', async () => {
    const counts = await cli.sf('org', 'list', 'sobject', 'record-counts', '--sobject', 'User');
    assert.deepEqual(counts, [{ name: 'User', count: 1 }]);
});

test('org login jwt', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = join(cli.folder, 'server.key');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const org = await cli.sf(
        'org', 'login', 'jwt', '--username', server.org.username, '--jwt-key-file', key,
        '--client-id', server.org.client_id, '--instance-url', server.url, '--alias', 'fake',
        '--set-default',
    );
    assert.equal(org.orgId, server.org.id);
    assert.equal(org.username, server.org.username);
});

test('org login access-token with a token that is none', async () => {
    const wrong = { url: server.url, org: { access_token: `${server.org.id.slice(0, 15)}!wrong` } };
    const other = home();
    await assert.rejects(other.login(wrong), /Bad_OAuth_Token|INVALID_SESSION_ID|expired/i);
    other.remove();
});

// What needs an API that is not emulated fails, and says what is missing.
for (const [what, args] of [
    ['the Metadata API', ['org', 'list', 'metadata', '--metadata-type', 'CustomObject']],
    ['the Metadata API', ['org', 'list', 'metadata-types']],
    ['SOAP password calls', ['org', 'generate', 'password']],
    ['GraphQL', ['api', 'request', 'graphql', '--body', '{"query":"{uiapi{query{User{totalCount}}}}"}']],
]) {
    test(`${args.slice(0, 3).join(' ')} needs ${what}, and is refused`, async () => {
        const { status, message } = await cli.failure(...args);
        assert.notEqual(status, 0);
        assert.match(message, /not emulated/i);
    });
}
