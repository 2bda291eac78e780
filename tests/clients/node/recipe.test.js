'use strict';
// What fauxforce is for: a fork per test, a fault, an advance of the clock, a diff.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Connection } = require('jsforce');
const { deactivate } = require('./offboarding');
const { fork } = require('./org');

const MANAGER = 'ngozi.okafor@example.com';
const ACME = "SELECT Id FROM Account WHERE Name = 'Acme'";

for (const turn of ['first', 'second']) {
    test(`each test has an org of its own: the ${turn}`, async (t) => {
        const connection = (await fork(t)).connect();
        assert.equal((await connection.query(ACME)).totalSize, 0);
        await connection.sobject('Account').create({ Name: 'Acme' });
        assert.equal((await connection.query(ACME)).totalSize, 1);
    });
}

test('a locked row is tried again', async (t) => {
    const org = await fork(t);
    await org.control('POST', '/faults', {
        match: { object: 'User', operation: 'update' },
        when: { times: 2 },
        then: { error: 'UNABLE_TO_LOCK_ROW' },
    });
    assert.equal(await deactivate(org.connect(), MANAGER), 3);
    const counted = await org.control('POST', '/requests/verify', {
        method: 'PATCH',
        object: 'User',
        operation: 'update',
        times: { exactly: 3 },
    });
    assert.equal(counted.matched, true, JSON.stringify(counted));
});

test('a row that stays locked is reported, and nothing has changed', async (t) => {
    const org = await fork(t);
    await org.control('PUT', '/snapshots/before');
    await org.control('POST', '/faults', {
        match: { object: 'User', operation: 'update' },
        then: { error: 'UNABLE_TO_LOCK_ROW' },
    });
    await assert.rejects(deactivate(org.connect(), MANAGER), { errorCode: 'UNABLE_TO_LOCK_ROW' });
    assert.deepEqual(await org.control('GET', '/diff?from=before'), { objects: {} });
});

test('an answer that is lost after the commit', async (t) => {
    const org = await fork(t);
    // jsforce does not repeat a POST: who repeats it by hand makes a second record.
    await org.control('POST', '/faults', {
        match: { object: 'Account', operation: 'create' },
        when: { nth: 1 },
        then: { drop: 'after' },
    });
    const connection = org.connect();
    await assert.rejects(connection.sobject('Account').create({ Name: 'Acme' }));
    assert.equal((await connection.query(ACME)).totalSize, 1);
});

test('the session ends after three hours', async (t) => {
    const org = await fork(t);
    const connection = org.connect();
    assert.equal((await connection.query('SELECT Id FROM Organization')).totalSize, 1);
    await org.control('PUT', '/clock', { advance: 'PT3H' });
    await assert.rejects(connection.query('SELECT Id FROM Organization'), {
        errorCode: 'INVALID_SESSION_ID',
    });
});

test('what changed is one user and a seat', async (t) => {
    const org = await fork(t);
    await org.control('PUT', '/snapshots/before');
    await deactivate(org.connect(), MANAGER);
    const { objects } = await org.control('GET', '/diff?from=before');
    // Who is deactivated gives the seat back.
    assert.deepEqual(Object.keys(objects).sort(), ['User', 'UserLicense']);
    const [update, ...others] = objects.User.updated;
    assert.equal(others.length, 0);
    assert.equal(update.before.IsActive, true);
    assert.equal(update.after.IsActive, false);
});

test('a login of a fork comes into the fork', async (t) => {
    const org = await fork(t);
    const connection = new Connection({ loginUrl: process.env.SF_LOGIN_URL });
    await connection.login(org.username, org.password + org.security_token);
    await connection.sobject('Account').create({ Name: 'Acme' });
    assert.equal((await org.connect().query(ACME)).totalSize, 1);
});
