exports.handler = async () => process.env.MESSAGE;
