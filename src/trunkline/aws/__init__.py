"""What being AWS means for every service alike: protocols, signatures, policies, errors, audit."""
