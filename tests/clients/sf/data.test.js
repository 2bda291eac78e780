'use strict';
// Records: one at a time, queries, searches, trees, files.

const assert = require('node:assert/strict');
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const { start } = require('../jsforce/server');
const { home } = require('./sf');

let server;
let cli;
before(async () => {
    server = await start();
    cli = home();
    await cli.login(server);
});
after(async () => {
    cli.remove();
    await server.stop();
});

let account;

test('data create record', async () => {
    const values = "Name='CLI A' NumberOfEmployees=3";
    const made = await cli.sf('data', 'create', 'record', '--sobject', 'Account', '--values', values);
    assert.equal(made.success, true);
    assert.match(made.id, /^001/);
    account = made.id;
});

test('data create record that breaks a rule', async () => {
    const args = ['--sobject', 'Contact', '--values', "FirstName='Ada'"];
    const { name, message } = await cli.failure('data', 'create', 'record', ...args);
    assert.equal(name, 'REQUIRED_FIELD_MISSING');
    assert.match(message, /Required fields are missing: \[LastName\]/);
});

test('data get record', async () => {
    const row = await cli.sf('data', 'get', 'record', '--sobject', 'Account', '--record-id', account);
    assert.equal(row.Name, 'CLI A');
    assert.equal(row.NumberOfEmployees, 3);
});

test('data get record --where', async () => {
    const where = "Name='CLI A'";
    const row = await cli.sf('data', 'get', 'record', '--sobject', 'Account', '--where', where);
    assert.equal(row.Id, account);
});

test('data update record', async () => {
    const args = ['--sobject', 'Account', '--record-id', account, '--values', "Rating='Hot'"];
    const changed = await cli.sf('data', 'update', 'record', ...args);
    assert.equal(changed.id, account);
});

test('data query', async () => {
    const soql = 'SELECT Name, Rating, Owner.Username FROM Account';
    const { records, totalSize } = await cli.sf('data', 'query', '--query', soql);
    assert.equal(totalSize, 1);
    assert.equal(records[0].Rating, 'Hot');
    assert.equal(records[0].Owner.Username, server.org.username);
});

test('data query as a table asks for the columns', async () => {
    const soql = 'SELECT Name, (SELECT LastName FROM Contacts), Owner.Name FROM Account';
    const shown = await cli.text('data', 'query', '--query', soql);
    assert.match(shown, /NAME.*OWNER\.NAME/i);
    assert.match(shown, /CLI A/);
    assert.match(shown, /Total number of records retrieved: 1/);
});

test('data query as CSV', async () => {
    const soql = 'SELECT Rating, COUNT(Id) how FROM Account GROUP BY Rating';
    const csv = await cli.text('data', 'query', '--query', soql, '--result-format', 'csv');
    assert.match(csv, /^Rating,how$/m);
    assert.match(csv, /^Hot,1$/m);
});

test('data query that is wrong', async () => {
    const { name, message } = await cli.failure('data', 'query', '--query', 'SELECT Nope FROM Account');
    assert.equal(name, 'INVALID_FIELD');
    assert.match(message, /No such column 'Nope' on entity 'Account'/);
});

test('data query --use-tooling-api', async () => {
    const soql =
        "SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName = 'Rating'";
    const { records } = await cli.sf('data', 'query', '--use-tooling-api', '--query', soql);
    assert.deepEqual(records.map((row) => row.DataType), ['Picklist']);
    const apex = 'SELECT Id, Name FROM ApexClass';
    const { totalSize } = await cli.sf('data', 'query', '--use-tooling-api', '--query', apex);
    assert.equal(totalSize, 0);
});

test('data search', async () => {
    const sosl = 'FIND {CLI} IN NAME FIELDS RETURNING Account(Name)';
    const { searchRecords } = await cli.sf('data', 'search', '--query', sosl);
    assert.deepEqual(searchRecords.map((row) => row.Name), ['CLI A']);
});

test('sobject list and sobject describe', async () => {
    const names = await cli.sf('sobject', 'list', '--sobject', 'all');
    assert.ok(names.includes('Account') && names.includes('UserProvisioningRequest'));
    const described = await cli.sf('sobject', 'describe', '--sobject', 'Account');
    assert.equal(described.keyPrefix, '001');
    const args = ['--use-tooling-api', '--sobject', 'EntityDefinition'];
    const catalog = await cli.sf('sobject', 'describe', ...args);
    assert.ok(catalog.fields.some((field) => field.name === 'DurableId'));
    const { name } = await cli.failure('sobject', 'describe', '--sobject', 'Nope');
    assert.equal(name, 'NOT_FOUND');
});

test('data import tree with a plan', async () => {
    const write = (name, json) => writeFileSync(join(cli.folder, name), JSON.stringify(json));
    write('Accounts.json', {
        records: [{ attributes: { type: 'Account', referenceId: 'Parent' }, Name: 'Tree' }],
    });
    write('Contacts.json', {
        records: [
            {
                attributes: { type: 'Contact', referenceId: 'Child' },
                LastName: 'Leaf',
                AccountId: '@Parent',
            },
        ],
    });
    write('plan.json', [
        { sobject: 'Account', saveRefs: true, resolveRefs: false, files: ['Accounts.json'] },
        { sobject: 'Contact', saveRefs: false, resolveRefs: true, files: ['Contacts.json'] },
    ]);
    const made = await cli.sf('data', 'import', 'tree', '--plan', join(cli.folder, 'plan.json'));
    assert.deepEqual(made.map((row) => row.refId).sort(), ['Child', 'Parent']);
});

test('data export tree', async () => {
    const soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Tree'";
    const out = join(cli.folder, 'out');
    await cli.sf('data', 'export', 'tree', '--query', soql, '--output-dir', out);
    const [file] = readdirSync(out);
    const { records } = JSON.parse(readFileSync(join(out, file), 'utf8'));
    assert.equal(records[0].Name, 'Tree');
    assert.equal(records[0].Contacts.records[0].LastName, 'Leaf');
});

test('data import tree that fails makes nothing', async () => {
    const file = join(cli.folder, 'bad.json');
    const records = [
        { attributes: { type: 'Account', referenceId: 'Good' }, Name: 'Good' },
        { attributes: { type: 'Account', referenceId: 'Bad' }, Rating: 'Hot' },
    ];
    writeFileSync(file, JSON.stringify({ records }));
    const { text } = await cli.failure('data', 'import', 'tree', '--files', file);
    assert.match(text, /REQUIRED_FIELD_MISSING|Required fields/);
    const soql = "SELECT COUNT() FROM Account WHERE Name = 'Good'";
    assert.equal((await cli.sf('data', 'query', '--query', soql)).totalSize, 0);
});

test('data create file', async () => {
    const file = join(cli.folder, 'note.txt');
    writeFileSync(file, 'as it was\n');
    const made = await cli.sf('data', 'create', 'file', '--file', file, '--title', 'Note');
    assert.equal(made.Title, 'Note');
    assert.match(made.ContentDocumentId, /^069/);
});

test('org assign permset', async () => {
    const values = "Name='Reader' Label='Reader'";
    await cli.sf('data', 'create', 'record', '--sobject', 'PermissionSet', '--values', values);
    const done = await cli.sf('org', 'assign', 'permset', '--name', 'Reader');
    assert.deepEqual(done.failures, []);
    assert.deepEqual(done.successes, [{ name: server.org.username, value: 'Reader' }]);
});

test('api request rest', async () => {
    const rest = '/services/data/v67.0/sobjects/Account';
    const answer = await cli.text('api', 'request', 'rest', `${rest}/${account}?fields=Name`);
    assert.equal(JSON.parse(answer).Name, 'CLI A');
    const body = '{"Name":"By hand"}';
    const args = [rest, '--method', 'POST', '--body', body];
    const made = await cli.text('api', 'request', 'rest', ...args);
    assert.equal(JSON.parse(made).success, true);
});

test('data delete record', async () => {
    const args = ['--sobject', 'Account', '--record-id', account];
    assert.equal((await cli.sf('data', 'delete', 'record', ...args)).success, true);
    const { name } = await cli.failure('data', 'get', 'record', ...args);
    assert.equal(name, 'NOT_FOUND');
});

test('apex run is refused', async () => {
    const file = join(cli.folder, 'code.apex');
    writeFileSync(file, 'System.debug(1);');
    assert.match((await cli.failure('apex', 'run', '--file', file)).message, /not emulated/i);
});
