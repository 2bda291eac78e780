'use strict';
// One record at a time: create, retrieve, update, upsert, delete, and how refusals surface.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Connection } = require('jsforce');
const { control, start } = require('./server');

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

/** Creates a record, reads it back, changes it, deletes it. */
async function lives(type, prefix, created, changed) {
    const records = connection.sobject(type);
    const { id, success, errors } = await records.create(created);
    assert.equal(success, true);
    assert.deepEqual(errors, []);
    assert.match(id, new RegExp(`^${prefix}[0-9A-Za-z]{15}$`));
    const before = await records.retrieve(id);
    assert.equal(before.attributes.type, type);
    assert.equal(before.attributes.url, `/services/data/v62.0/sobjects/${type}/${id}`);
    assert.equal(before.Id, id);
    for (const [field, value] of Object.entries(created)) {
        assert.deepEqual(before[field], value, field);
    }
    assert.equal((await records.update({ Id: id, ...changed })).success, true);
    const after = await records.retrieve(id);
    for (const [field, value] of Object.entries({ ...created, ...changed })) {
        assert.deepEqual(after[field], value, field);
    }
    assert.equal((await records.destroy(id)).success, true);
    await assert.rejects(records.retrieve(id), { errorCode: 'NOT_FOUND' });
    return before;
}

test('an Account lives', async () => {
    const account = await lives(
        'Account',
        '001',
        { Name: 'Grüße & Co', NumberOfEmployees: 12, AnnualRevenue: 1500000 },
        { Name: 'Renamed', BillingCity: 'Wien' },
    );
    assert.equal(account.OwnerId, server.org.user_id);
    assert.match(account.CreatedDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
});

test('a UserProvisioningRequest lives', async () => {
    const request = await lives(
        'UserProvisioningRequest',
        '0HP',
        {
            AppName: 'Concur',
            State: 'New',
            Operation: 'Create',
            ApprovalStatus: 'NotRequired',
            SalesforceUserId: server.org.user_id,
        },
        { ExternalUserId: 'c-1' },
    );
    assert.match(request.Name, /^UPR-\d{8}$/);
});

test('an EmpUserProvisioningProcess lives', async () => {
    const process = await lives(
        'EmpUserProvisioningProcess',
        '3wO',
        { ProcessStatus: 'Queued', TotalRecordCount: 3 },
        { ProcessStatus: 'Processing', StartTime: '2026-01-15T09:00:00.000+0000' },
    );
    assert.match(process.Name, /^EUP-\d{8}$/);
});

test('fields can be chosen', async () => {
    const { id } = await connection.sobject('Account').create({ Name: 'Few fields' });
    const { attributes, ...fields } = await connection.sobject('Account').retrieve(id, {
        fields: ['Name', 'Industry'],
    });
    assert.deepEqual(fields, { Id: id, Name: 'Few fields', Industry: null });
});

test('upsert by Id updates', async () => {
    const accounts = connection.sobject('Account');
    const { id } = await accounts.create({ Name: 'Before' });
    assert.equal((await accounts.upsert({ Id: id, Name: 'After' }, 'Id')).success, true);
    assert.equal((await accounts.retrieve(id)).Name, 'After');
});

test('upsert by external id creates, then updates', async () => {
    await control(server, 'POST', '/orgs/default/objects', {
        name: 'Account',
        fields: [
            {
                name: 'Ext__c',
                label: 'External',
                type: 'string',
                length: 40,
                externalId: true,
                unique: true,
            },
        ],
    });
    const accounts = connection.sobject('Account');
    const first = await accounts.upsert({ Ext__c: 'e-1', Name: 'First' }, 'Ext__c');
    assert.equal(first.success, true);
    assert.equal(first.created, true);
    const second = await accounts.upsert({ Ext__c: 'e-1', Name: 'Second' }, 'Ext__c');
    assert.equal(second.success, true);
    const account = await accounts.retrieve(first.id);
    assert.equal(account.Name, 'Second');
    assert.equal(account.Ext__c, 'e-1');
});

test('a missing required field', async () => {
    await assert.rejects(connection.sobject('Account').create({ Industry: 'Banking' }), (error) => {
        assert.equal(error.errorCode, 'REQUIRED_FIELD_MISSING');
        assert.equal(error.message, 'Required fields are missing: [Name]');
        assert.deepEqual(error.data.fields, ['Name']);
        return true;
    });
});

test('a value outside a restricted picklist', async () => {
    const processes = connection.sobject('EmpUserProvisioningProcess');
    await assert.rejects(processes.create({ ProcessStatus: 'Sleeping' }), (error) => {
        assert.equal(error.errorCode, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
        assert.match(error.message, /bad value for restricted picklist field: Sleeping/);
        assert.deepEqual(error.data.fields, ['ProcessStatus']);
        return true;
    });
});

test('a field that does not exist', async () => {
    await assert.rejects(connection.sobject('Account').create({ Name: 'x', Nope__c: 1 }), {
        errorCode: 'INVALID_FIELD',
        message: "No such column 'Nope__c' on sobject of type Account",
    });
});

test('an object that does not exist', async () => {
    await assert.rejects(connection.sobject('Nope__c').create({ Name: 'x' }), {
        errorCode: 'NOT_FOUND',
        message: 'The requested resource does not exist',
    });
});

test('an id of no record', async () => {
    await assert.rejects(connection.sobject('Account').retrieve('001ff000000zzzzAAA'), {
        errorCode: 'NOT_FOUND',
    });
});

test('changing and deleting a deleted record', async () => {
    const accounts = connection.sobject('Account');
    const { id } = await accounts.create({ Name: 'Gone' });
    await accounts.destroy(id);
    const deleted = { errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' };
    await assert.rejects(accounts.update({ Id: id, Name: 'Back' }), deleted);
    await assert.rejects(accounts.destroy(id), deleted);
});
