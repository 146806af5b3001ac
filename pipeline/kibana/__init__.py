"""The same data in Kibana: definitions to saved objects, and into a Kibana."""
