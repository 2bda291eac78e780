'use strict';
// Every way in which jsforce logs in, and out.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Connection, OAuth2 } = require('jsforce');
const { start } = require('./server');

let server;
before(async () => {
    server = await start();
});
after(() => server.stop());

const oauth2 = (more = {}) =>
    new OAuth2({
        loginUrl: server.url,
        clientId: server.org.client_id,
        clientSecret: server.org.client_secret,
        redirectUri: 'http://localhost/callback',
        ...more,
    });

/** A connection works when its session names the org's administrator. */
async function works(connection) {
    const identity = await connection.identity();
    assert.equal(identity.user_id, server.org.user_id);
    assert.equal(identity.organization_id, server.org.id);
    assert.equal(identity.username, server.org.username);
    const account = await connection.sobject('Account').create({ Name: 'Signed in' });
    assert.equal(account.success, true);
}

const expired = { name: 'INVALID_SESSION_ID', message: 'Session expired or invalid' };

test('by SOAP with username and password', async () => {
    const connection = new Connection({ loginUrl: server.url });
    const user = await connection.login(server.org.username, server.org.password);
    assert.equal(user.id, server.org.user_id);
    assert.equal(user.organizationId, server.org.id);
    assert.equal(connection.instanceUrl, server.url);
    await works(connection);
});

test('by SOAP with the security token behind the password', async () => {
    const connection = new Connection({ loginUrl: server.url });
    await connection.login(
        server.org.username,
        server.org.password + server.org.security_token,
    );
    await works(connection);
});

test('by SOAP with a wrong password', async () => {
    const connection = new Connection({ loginUrl: server.url });
    await assert.rejects(connection.login(server.org.username, 'wrong'), {
        message:
            'INVALID_LOGIN: Invalid username, password, security token; or user locked out.',
    });
});

test('by OAuth 2.0 with username and password', async () => {
    const connection = new Connection({ oauth2: oauth2() });
    const user = await connection.login(server.org.username, server.org.password);
    assert.equal(user.id, server.org.user_id);
    assert.equal(user.organizationId, server.org.id);
    assert.equal(connection.instanceUrl, server.url);
    await works(connection);
});

test('by OAuth 2.0 with a wrong password', async () => {
    const connection = new Connection({ oauth2: oauth2() });
    await assert.rejects(connection.login(server.org.username, 'wrong'), {
        name: 'invalid_grant',
        message: 'authentication failure',
    });
});

test('by client credentials', async () => {
    const connection = new Connection({ instanceUrl: server.url, oauth2: oauth2() });
    const user = await connection.authorize({ grant_type: 'client_credentials' });
    assert.equal(user.id, server.org.user_id);
    await works(connection);
});

test('by client credentials with a wrong secret', async () => {
    const connection = new Connection({ oauth2: oauth2({ clientSecret: 'wrong' }) });
    await assert.rejects(connection.authorize({ grant_type: 'client_credentials' }), {
        name: 'invalid_client',
        message: 'invalid client credentials',
    });
});

test('by refresh token, when the access token is no longer good', async () => {
    const connection = new Connection({
        instanceUrl: server.url,
        accessToken: `${server.org.access_token}stale`,
        refreshToken: server.org.refresh_token,
        oauth2: oauth2(),
    });
    const refreshed = [];
    connection.on('refresh', (token) => refreshed.push(token));
    const account = await connection.sobject('Account').create({ Name: 'Refreshed' });
    assert.equal(account.success, true);
    assert.deepEqual(refreshed, [connection.accessToken]);
    await works(connection);
});

test('with an unknown refresh token', async () => {
    await assert.rejects(oauth2().refreshToken('unknown'), { name: 'invalid_grant' });
});

test('by access token', async () => {
    const connection = new Connection({
        instanceUrl: server.url,
        accessToken: server.org.access_token,
    });
    await works(connection);
});

test('with an access token that nobody gave out', async () => {
    const connection = new Connection({ instanceUrl: server.url, accessToken: '00D!none' });
    await assert.rejects(connection.limits(), expired);
});

test('logging out of a SOAP session ends it', async () => {
    const connection = new Connection({ loginUrl: server.url });
    await connection.login(server.org.username, server.org.password);
    const { accessToken, instanceUrl } = connection;
    await connection.logout();
    assert.equal(connection.accessToken, null);
    await assert.rejects(new Connection({ instanceUrl, accessToken }).limits(), expired);
});

test('logging out of an OAuth session revokes its token', async () => {
    const connection = new Connection({ oauth2: oauth2() });
    await connection.login(server.org.username, server.org.password);
    const { accessToken, instanceUrl } = connection;
    await connection.logoutByOAuth2();
    await assert.rejects(new Connection({ instanceUrl, accessToken }).limits(), expired);
});
