'use strict';
// SOQL through jsforce: shapes of answers, paging, how a bad query surfaces.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Connection } = require('jsforce');
const { start } = require('./server');

// More than one page of 2,000.
const TASKS = 2100;
const AT_ONCE = 10;

let server;
let connection;
before(async () => {
    server = await start();
    connection = new Connection({
        instanceUrl: server.url,
        accessToken: server.org.access_token,
        version: '62.0',
        maxRequest: AT_ONCE,
    });
    const accounts = connection.sobject('Account');
    const { id } = await accounts.create({ Name: 'Acme', Industry: 'Banking', NumberOfEmployees: 5 });
    await accounts.create({ Name: "O'Hara & Söhne", NumberOfEmployees: 50 });
    await accounts.create({ Name: 'Zeta', Industry: 'Banking', NumberOfEmployees: 500 });
    const contacts = connection.sobject('Contact');
    await contacts.create({ LastName: 'Adams', AccountId: id });
    await contacts.create({ LastName: 'Brown', AccountId: id });
    const tasks = connection.sobject('Task');
    let number = 0;
    const work = async () => {
        while (number < TASKS) {
            number += 1;
            await tasks.create({ Subject: `Task ${String(number).padStart(4, '0')}` });
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
});
after(() => server.stop());

test('a query answers records with their attributes', async () => {
    const result = await connection.query(
        "SELECT name, industry FROM Account WHERE Name = 'Acme'",
    );
    assert.equal(result.totalSize, 1);
    assert.equal(result.done, true);
    const { attributes, ...fields } = result.records[0];
    assert.equal(attributes.type, 'Account');
    // In the schema's spelling, whatever the query's.
    assert.deepEqual(fields, { Name: 'Acme', Industry: 'Banking' });
});

test('what jsforce builds from conditions', async () => {
    const records = await connection
        .sobject('Account')
        .find({ Name: { $like: 'O%' }, NumberOfEmployees: { $gte: 50 } }, ['Id', 'Name'])
        .sort({ Name: 1 })
        .limit(5);
    assert.deepEqual(records.map((record) => record.Name), ["O'Hara & Söhne"]);
});

test('parents and children', async () => {
    const { records } = await connection.query(
        "SELECT Name, Owner.Username, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Name = 'Acme'",
    );
    assert.equal(records[0].Owner.Username, server.org.username);
    assert.equal(records[0].Contacts.totalSize, 2);
    assert.deepEqual(records[0].Contacts.records.map((contact) => contact.LastName), ['Adams', 'Brown']);
});

test('counts and groups', async () => {
    assert.equal((await connection.query('SELECT COUNT() FROM Task')).totalSize, TASKS);
    const { records } = await connection.query(
        'SELECT Industry, COUNT(Id) n, SUM(NumberOfEmployees) FROM Account GROUP BY Industry ORDER BY Industry NULLS LAST',
    );
    assert.equal(records[0].attributes.type, 'AggregateResult');
    assert.deepEqual(
        records.map(({ Industry, n, expr0 }) => [Industry, n, expr0]),
        [['Banking', 2, 505], [null, 1, 50]],
    );
});

test('a big result comes in pages', async () => {
    const query = 'SELECT Id, Subject FROM Task ORDER BY Subject';
    const first = await connection.query(query);
    assert.equal(first.totalSize, TASKS);
    assert.equal(first.done, false);
    assert.equal(first.records.length, 2000);
    // jsforce makes an absolute URL of what the org answers.
    assert.match(first.nextRecordsUrl, /\/services\/data\/v62\.0\/query\/01g.*-2000$/);
    const second = await connection.queryMore(first.nextRecordsUrl);
    assert.equal(second.done, true);
    assert.equal(second.records.length, TASKS - 2000);
    assert.equal(first.records[0].Subject, 'Task 0001');
    assert.equal(second.records.at(-1).Subject, 'Task 2100');
});

test('autoFetch follows the pages', async () => {
    const { records } = await connection.query('SELECT Id FROM Task', {
        autoFetch: true,
        maxFetch: 5000,
    });
    assert.equal(new Set(records.map((record) => record.Id)).size, TASKS);
});

test('a smaller page on request', async () => {
    const result = await connection.query('SELECT Id FROM Task', {
        headers: { 'Sforce-Query-Options': 'batchSize=200' },
    });
    assert.equal(result.records.length, 200);
    assert.equal(result.done, false);
});

test('deleted records are found when all are asked for', async () => {
    const { id } = await connection.sobject('Account').create({ Name: 'Deleted' });
    await connection.sobject('Account').destroy(id);
    const query = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Deleted'";
    assert.equal((await connection.query(query)).totalSize, 0);
    const all = await connection.query(query, { scanAll: true });
    assert.deepEqual(all.records.map((record) => [record.Id, record.IsDeleted]), [[id, true]]);
});

test('a query that cannot be read', async () => {
    await assert.rejects(connection.query('SELECT Id FROM'), { errorCode: 'MALFORMED_QUERY' });
});

test('a field that does not exist', async () => {
    await assert.rejects(connection.query('SELECT Id, Nope__c FROM Account'), (error) => {
        assert.equal(error.errorCode, 'INVALID_FIELD');
        assert.match(error.message, /No such column 'Nope__c' on entity 'Account'/);
        return true;
    });
});

test('an object that does not exist', async () => {
    await assert.rejects(connection.query('SELECT Id FROM Nope__c'), {
        errorCode: 'INVALID_TYPE',
    });
});

test('a cursor that nobody opened', async () => {
    await assert.rejects(connection.queryMore('/services/data/v62.0/query/01gff0000000zzzAAA-2000'), {
        errorCode: 'INVALID_QUERY_LOCATOR',
    });
});

test('a search', async () => {
    const { searchRecords } = await connection.search(
        'FIND {Acme} IN NAME FIELDS RETURNING Account(Id, Name)',
    );
    assert.deepEqual(searchRecords.map((record) => record.Name), ['Acme']);
    assert.equal(searchRecords[0].attributes.type, 'Account');
});
