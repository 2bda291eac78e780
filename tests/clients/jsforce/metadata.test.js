'use strict';
// What an org says of itself: versions, describes, limits, who is logged in.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Connection } = require('jsforce');
const { start } = require('./server');

let server;
let connection;
before(async () => {
    server = await start();
    connection = new Connection({
        instanceUrl: server.url,
        accessToken: server.org.access_token,
        version: '62.0',
    });
});
after(() => server.stop());

test('describe', async () => {
    const account = await connection.sobject('Account').describe();
    assert.equal(account.name, 'Account');
    assert.equal(account.keyPrefix, '001');
    const name = account.fields.find((field) => field.name === 'Name');
    assert.deepEqual(
        { type: name.type, length: name.length, nillable: name.nillable, createable: name.createable },
        { type: 'string', length: 255, nillable: false, createable: true },
    );
    assert.ok(account.childRelationships.some((child) => child.childSObject === 'Contact'));
});

test('describe of a provisioning object', async () => {
    const request = await connection.describe('UserProvisioningRequest');
    const state = request.fields.find((field) => field.name === 'State');
    assert.equal(state.type, 'picklist');
    const values = state.picklistValues.map((entry) => entry.value);
    assert.ok(values.includes('Requested') && values.includes('Manually Completed'), `${values}`);
});

test('describe of an object that does not exist', async () => {
    await assert.rejects(connection.describe('Nope__c'), { errorCode: 'NOT_FOUND' });
});

test('describeGlobal', async () => {
    const { sobjects, encoding, maxBatchSize } = await connection.describeGlobal();
    assert.equal(encoding, 'UTF-8');
    assert.equal(maxBatchSize, 200);
    const names = sobjects.map((object) => object.name);
    for (const name of ['Account', 'User', 'UserProvisioningRequest', 'EmpUserProvisioningProcess']) {
        assert.ok(names.includes(name), name);
    }
});

test('limits, and what a request costs', async () => {
    const before = await connection.limits();
    const { Max, Remaining } = before.DailyApiRequests;
    assert.ok(Remaining > 0 && Remaining <= Max);
    const after = await connection.limits();
    assert.equal(after.DailyApiRequests.Remaining, Remaining - 1);
    const { limit, used } = connection.limitInfo.apiUsage;
    assert.equal(limit, Max);
    assert.equal(used, Max - after.DailyApiRequests.Remaining);
});

test('identity', async () => {
    const identity = await connection.identity();
    assert.equal(identity.user_id, server.org.user_id);
    assert.equal(identity.organization_id, server.org.id);
    assert.equal(identity.username, server.org.username);
});

test('versions', async () => {
    const versions = await connection.request('/services/data');
    assert.equal(versions[0].version, '31.0');
    assert.equal(versions.at(-1).version, '67.0');
});

test('updated and deleted records', async () => {
    const accounts = connection.sobject('Account');
    const kept = await accounts.create({ Name: 'Kept' });
    const gone = await accounts.create({ Name: 'Gone' });
    await accounts.destroy(gone.id);
    const start = new Date(Date.now() - 60 * 60_000);
    const end = new Date(Date.now() + 120_000);
    const updated = await accounts.updated(start, end);
    assert.ok(updated.ids.includes(kept.id));
    const deleted = await accounts.deleted(start, end);
    assert.deepEqual(deleted.deletedRecords.map((record) => record.id), [gone.id]);
});
