"""Takes referrals in, routes them to a clinic and closes the loop to the referrer."""
