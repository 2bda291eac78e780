'use strict';
// Many records in one request: jsforce turns arrays into collections.

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

const count = async (name) =>
    (await connection.query(`SELECT COUNT() FROM Account WHERE Name = '${name}'`)).totalSize;

test('arrays are created, read, changed and deleted', async () => {
    const accounts = connection.sobject('Account');
    const created = await accounts.create([{ Name: 'One' }, { Name: 'Two' }]);
    assert.deepEqual(created.map((result) => result.success), [true, true]);
    const ids = created.map((result) => result.id);
    const read = await accounts.retrieve(ids);
    assert.deepEqual(read.map((account) => account.Name), ['One', 'Two']);
    const updated = await accounts.update(ids.map((Id) => ({ Id, Industry: 'Banking' })));
    assert.deepEqual(updated.map((result) => result.success), [true, true]);
    const deleted = await accounts.destroy(ids);
    assert.deepEqual(deleted.map((result) => result.success), [true, true]);
    assert.equal(await count('One'), 0);
});

test('a bad record fails alone', async () => {
    const results = await connection
        .sobject('Account')
        .create([{ Name: 'Alone' }, { Industry: 'Banking' }]);
    assert.deepEqual(results.map((result) => result.success), [true, false]);
    assert.equal(results[1].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
    assert.deepEqual(results[1].errors[0].fields, ['Name']);
    assert.equal(await count('Alone'), 1);
});

test('all or none', async () => {
    const results = await connection
        .sobject('Account')
        .create([{ Name: 'Together' }, { Industry: 'Banking' }], { allOrNone: true });
    assert.deepEqual(results.map((result) => result.success), [false, false]);
    assert.equal(results[0].errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
    assert.equal(await count('Together'), 0);
});

test('more than 200 records in several requests', async () => {
    const records = Array.from({ length: 450 }, () => ({ Name: 'Many' }));
    const results = await connection.sobject('Account').create(records, { allowRecursive: true });
    assert.equal(results.filter((result) => result.success).length, 450);
    assert.equal(await count('Many'), 450);
});

test('requests that refer to each other', async () => {
    const url = '/services/data/v62.0/sobjects';
    const { compositeResponse } = await connection.request({
        method: 'POST',
        url: '/services/data/v62.0/composite',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            allOrNone: true,
            compositeRequest: [
                { method: 'POST', url: `${url}/Account`, referenceId: 'a', body: { Name: 'Parent' } },
                {
                    method: 'POST',
                    url: `${url}/Contact`,
                    referenceId: 'c',
                    body: { LastName: 'Child', AccountId: '@{a.id}' },
                },
                { method: 'GET', url: `${url}/Contact/@{c.id}`, referenceId: 'r' },
            ],
        }),
    });
    assert.deepEqual(compositeResponse.map((answer) => answer.httpStatusCode), [201, 201, 200]);
    assert.equal(compositeResponse[2].body.AccountId, compositeResponse[0].body.id);
});
