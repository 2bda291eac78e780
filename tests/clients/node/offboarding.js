'use strict';
// The code under test: an integration as it would ship. It knows nothing of fauxforce.

/** Deactivates a user; resolves to how many attempts it took. A locked row is tried again. */
async function deactivate(connection, username) {
    const user = await connection.sobject('User').findOne({ Username: username }, ['Id']);
    for (let attempt = 1; ; attempt += 1) {
        try {
            await connection.sobject('User').update({ Id: user.Id, IsActive: false });
            return attempt;
        } catch (refusal) {
            if (refusal.errorCode !== 'UNABLE_TO_LOCK_ROW' || attempt === 3) {
                throw refusal;
            }
        }
    }
}

module.exports = { deactivate };
